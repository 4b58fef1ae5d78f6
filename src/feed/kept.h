/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What BMP routers told besides routes since the last dump, kept as it came: a dump writes it behind
 * the routes, once (bmp_dump_file). Control's own; what a dump takes is the dump's, whole, so
 * that nothing is copied however much it is.
 */
#ifndef WB_FEED_KEPT_H
#define WB_FEED_KEPT_H

#include "core/counter.h"
#include "core/sbuf.h"
#include "feed/bmprecord.h"

struct kept;

struct kept_conf {
	size_t router_bytes;		/* most of a router, 0: 16 MiB */
	size_t most_bytes;		/* of all, 0: 64 MiB */
};

/* Told, and what became of it: a dump says what it wrote, and what it did not. */
struct kept_counters {
	counter_t messages, written, dropped, failed, held;
};
extern const struct counter_row kept_counter_rows[];
extern const size_t kept_counter_count;

struct kept_router {
	struct addr addr;
	uint16_t port;			/* of its last session */
	bool up;
	struct sbuf notes;		/* for kept_next */
	uint64_t count;			/* of notes */
};

struct kept *kept_new(const struct kept_conf *conf);
void	kept_free(struct kept *k);

/* What happened in a router's session: its beginning, its end, or a message, whose bytes are copied. */
void	kept_tell(struct kept *k, const struct bmp_note *note, const uint8_t *message, size_t len);

/* The routers known; pointers are good until the next call. */
size_t	kept_routers(const struct kept *k);
const struct kept_router *kept_router(const struct kept *k, size_t i);

/* What is kept of a router: moved, the caller's now. False where it is not known. */
bool	kept_take(struct kept *k, const struct addr *router, struct kept_router *ret);
void	kept_forget(struct kept *k, const struct addr *router);	/* one that is down */

/* A dump is over: of `taken` notes it wrote so many, and the others are lost. */
void	kept_over(struct kept *k, uint64_t taken, uint64_t written);
const struct kept_counters *kept_counters(const struct kept *k);

/* Any thread: the next note of those taken, `at` being 0 at first; false at the end. */
bool	kept_next(const struct sbuf *notes, size_t *at, struct bmp_note *ret, const uint8_t **ret_message,
	    size_t *ret_len);

#endif
