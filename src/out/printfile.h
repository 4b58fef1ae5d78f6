/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that purges are written to: made with their folders and owner, opened for appending where
 * this run of the daemon (or `append`) has rows in them already, and taken back to what they were
 * when a write fails. A path that is a FIFO is written as one.
 */
#ifndef WB_OUT_PRINTFILE_H
#define WB_OUT_PRINTFILE_H

#include <sys/types.h>

#include <stdbool.h>

#include "core/clock.h"
#include "core/sbuf.h"

struct printfile_conf {
	wall_t since;			/* files written after this were written by this run */
	bool append;
	mode_t umask;
	uid_t uid;			/* (uid_t)-1: as it comes */
	gid_t gid;
};

struct printfile {
	char *path;			/* NULL: standard output */
	int fd;
	bool fresh;			/* has no rows yet: wants its header */
	bool made;			/* was not there before */
	bool fifo;
	off_t begun;			/* size at the opening */
};

/* path NULL: standard output. -1 with a sentence in err. */
int	printfile_open(const char *path, const struct printfile_conf *conf, struct printfile *ret,
	    struct sbuf *err);
int	printfile_write(struct printfile *f, const struct sbuf *text, struct sbuf *err);
int	printfile_close(struct printfile *f, struct sbuf *err);	/* the path stays, for undo */
void	printfile_undo(struct printfile *f);	/* closed or not: as it was at the opening */
void	printfile_done(struct printfile *f);

/* Point the symbolic link `link` at `path`, in one step. -1 with a sentence in err. */
int	printfile_link(const char *link, const char *path, const struct printfile_conf *conf,
	    struct sbuf *err);

#endif
