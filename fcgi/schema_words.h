/*
 * schema_words: the keywords of JSON Schema 2020-12, in one table.
 *
 * Core sections 8 to 11, validation sections 6 to 9.  What a keyword must look like and where its
 * meaning is kept is a row; schema_load reads by it.
 */
#ifndef SCHEMA_WORDS_H
#define SCHEMA_WORDS_H

#include "schema_node.h"

/* Bits: which vocabularies a dialect turns on. */
enum schema_vocabulary {
	SCHEMA_CORE = 1, SCHEMA_APPLICATOR = 2, SCHEMA_UNEVALUATED = 4, SCHEMA_VALIDATION = 8, SCHEMA_META = 16,
	SCHEMA_FORMAT = 32, SCHEMA_CONTENT = 64, SCHEMA_ALL = 127
};

/* What a keyword's value is. */
enum schema_word_kind {
	WORD_NOTE,		/* anything: an annotation */
	WORD_TEXT,		/* a string; kept nowhere */
	WORD_CORE,		/* read before the others: $id, $schema, $vocabulary */
	WORD_ANCHOR, WORD_REF,
	WORD_TYPE, WORD_ENUM, WORD_CONST,
	WORD_NUMBER, WORD_STEP, WORD_COUNT, WORD_FLAG, WORD_PATTERN,
	WORD_NODE,		/* a schema */
	WORD_LIST,		/* schemas, at least one */
	WORD_MAP,		/* names with schemas */
	WORD_STORE,		/* the same, only to be referred to */
	WORD_ASIDE,		/* one schema, likewise */
	WORD_STRINGS,
	WORD_NEEDS,		/* names with lists of names */
	WORD_OLD		/* of an older draft: no meaning here */
};

/* Where it is kept: the struct of that name, or the node itself. */
enum schema_group { GROUP_NODE, GROUP_VALUES, GROUP_NUMBERS, GROUP_TEXTS, GROUP_ARRAYS, GROUP_OBJECTS, GROUP_FORMS };

struct schema_word {
	const char            *name;
	enum schema_vocabulary vocabulary;
	enum schema_word_kind  kind;
	enum schema_group      group;
	size_t                 at;	/* in the struct of the group */
};

/* NULL: no keyword. */
const struct schema_word *schema_word_find(const char *name);

/* Does a value stand behind it, which may look like a schema and is none? */
bool schema_word_is_value(const char *name);

/* The group of the node, with its defaults if this is its first use. */
void *schema_word_group(struct arena *mem, struct schema_node *n, enum schema_group group);

/* The type of that name, or 0. */
enum schema_type schema_word_type(const char *name);

/* The bit of the vocabulary with that URI, or 0: not one of 2020-12 that is known here. */
unsigned schema_word_vocabulary(const char *uri);

#endif
