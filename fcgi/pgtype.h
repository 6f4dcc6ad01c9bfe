/*
 * pgtype: of which kind a column is, for those who write it as JSON.
 */
#ifndef PGTYPE_H
#define PGTYPE_H

#include "base.h"

enum db_type { DB_TEXT, DB_BOOL, DB_NUMBER, DB_JSON, DB_STAMP, DB_BYTES };

/* The kind of the type with this number in PostgreSQL's pg_type; one that is not known is text. */
enum db_type pgtype_of(unsigned oid);

#endif
