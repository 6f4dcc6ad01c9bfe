/*
 * ctl_folder: the migrations of one folder, as they lie on disk.
 */
#ifndef CTL_FOLDER_H
#define CTL_FOLDER_H

#include "ctl_args.h"

struct ctl_file {
	int         number;
	const char *name;	/* "0001_identity" */
	const char *path;
	const char *text;
	const char *digest;	/* SHA-256 of the text, hexadecimal */
};

struct ctl_folder {
	const char      *catalog;	/* "core", or the catalog's name */
	const char      *demo;		/* path of demo.sql; NULL: there is none */
	struct ctl_file *file;		/* by number, from 1 without gaps */
	size_t           n;
};

/* Reads sql/catalog; dies naming the file that is not as it must be. */
void ctl_folder_read(struct ctl *c, struct ctl_folder *out, const char *sql, const char *catalog);

/* The folders below sql but core, by name. */
void ctl_folder_list(struct ctl *c, const char *sql, struct words *out);

#endif
