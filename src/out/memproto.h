/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the `pmacct` client and the `memory` output say to each other over the UNIX socket. A
 * request is text, a word and its value per line, between "waybill-memory 1" and "end"; the answer
 * is "ok" or "error TEXT" on a line, then what the client has to print, up to the end of the stream.
 */
#ifndef WB_OUT_MEMPROTO_H
#define WB_OUT_MEMPROTO_H

#include "core/sbuf.h"

#define MEMPROTO_PATH		"/tmp/collect.pipe"	/* imt_path */
#define MEMPROTO_QUERIES	4096			/* most in one request */
#define MEMPROTO_BYTES		(1u << 20)		/* most of a request */

enum memreq_op { MEMREQ_NONE, MEMREQ_TABLE, MEMREQ_MATCH, MEMREQ_COUNT, MEMREQ_STATUS,
	MEMREQ_SINCE, MEMREQ_OPS };
enum memreq_counter { MEMREQ_BYTES, MEMREQ_PACKETS, MEMREQ_FLOWS, MEMREQ_ALL, MEMREQ_COUNTERS };

struct memreq {
	unsigned op;			/* enum memreq_op */
	unsigned erase, reset, sum, all, num_protos, epoch, utc;	/* switches */
	unsigned counter;		/* enum memreq_counter: what MEMREQ_COUNT prints */
	unsigned sorted;		/* by `top`, greatest first; top_n 0: all of them */
	unsigned top, top_n;
	unsigned separator;		/* a character; 0: ',' */
	char *format;			/* "csv"; NULL: formatted */
	char *fields;			/* "src_host,dst_port" */
	char **query;			/* "192.0.2.1,80" */
	size_t queries;
};

void	memreq_add_query(struct memreq *req, const char *text, size_t len);
void	memreq_done(struct memreq *req);
void	memreq_put(const struct memreq *req, struct sbuf *out);

/* Is the last line of a request there? */
int	memreq_is_whole(const struct sbuf *text);

/* Read a whole request from anywhere; -1 with a sentence in err. ret needs memreq_done either way. */
int	memreq_parse(const char *text, size_t len, struct memreq *ret, struct sbuf *err);

#endif
