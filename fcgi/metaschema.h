/*
 * metaschema: what JSON Schema 2020-12 says of itself, for schemas that refer to it.
 *
 * Nothing is ever fetched from the network, so these are the only documents beside a schema's own.
 */
#ifndef METASCHEMA_H
#define METASCHEMA_H

#include "base.h"

/* The dialect: what $schema names, and what holds where it is absent. */
#define METASCHEMA_URI		"https://json-schema.org/draft/2020-12/schema"

/* What $vocabulary names begin with. */
#define METASCHEMA_VOCABULARY	"https://json-schema.org/draft/2020-12/vocab/"

/* The JSON text of the document with this absolute URI (no fragment), or NULL: it is not one of these. */
const char *metaschema_text(const char *uri);

#endif
