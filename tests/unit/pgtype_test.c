/* pgtype: kinds of types. */
#include "pgtype.h"
#include "tap.h"

int
main(void)
{
	is_int(pgtype_of(16), DB_BOOL, "boolean");
	is_int(pgtype_of(17), DB_BYTES, "bytea");
	is_int(pgtype_of(23), DB_NUMBER, "integer");
	is_int(pgtype_of(1700), DB_NUMBER, "numeric");
	is_int(pgtype_of(3802), DB_JSON, "jsonb");
	is_int(pgtype_of(1184), DB_STAMP, "timestamptz");
	is_int(pgtype_of(1082), DB_TEXT, "a date is text");
	is_int(pgtype_of(4000000000), DB_TEXT, "and so is what nobody knows");
	return tap_done();
}
