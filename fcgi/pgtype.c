/* pgtype: numbers of built-in types never change (PostgreSQL, src/include/catalog/pg_type.dat). */
#include "pgtype.h"

enum db_type
pgtype_of(unsigned oid)
{
	switch (oid) {
	case 16:
		return DB_BOOL;
	case 17:
		return DB_BYTES;
	case 20:		/* int8 */
	case 21:		/* int2 */
	case 23:		/* int4 */
	case 26:		/* oid */
	case 700:		/* float4 */
	case 701:		/* float8 */
	case 1700:		/* numeric */
		return DB_NUMBER;
	case 114:		/* json */
	case 3802:		/* jsonb */
		return DB_JSON;
	case 1184:		/* timestamptz */
		return DB_STAMP;
	default:
		return DB_TEXT;
	}
}
