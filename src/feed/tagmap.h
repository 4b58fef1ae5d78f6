/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tag maps of feeds (bgp_daemon_tag_map, bmp_daemon_tag_map; compat/interface.md 8.3, 8.4): rules of
 * key=value tests that put a tag and a label on records. Read-only once loaded, and shared by count:
 * any thread that holds a reference may ask it and let it go.
 */
#ifndef WB_FEED_TAGMAP_H
#define WB_FEED_TAGMAP_H

#include "conf/conf.h"
#include "core/sbuf.h"
#include "net/addr.h"

struct tagmap;

/* What rules may test. `comms` are the wire's 4-byte values, as in rib/attr.h. */
struct tagmap_subject {
	struct addr peer;
	const uint8_t *comms;
	size_t comms_len;		/* bytes */
};

struct tagmap_result {
	uint64_t tag;
	bool has_tag;
	struct sbuf *label;		/* the caller's, added to: labels of all rules that fit, with commas */
};

struct tagmap *tagmap_load(const char *path, struct conf_notes *notes);	/* NULL: noted */
struct tagmap *tagmap_share(struct tagmap *map);	/* NULL is fine, as below */
void	tagmap_release(struct tagmap *map);

void	tagmap_ask(const struct tagmap *map, const struct tagmap_subject *subject,
	    struct tagmap_result *result);

/* The fields of a record: "tag" and "label", where there are any. */
void	tagmap_json(const struct tagmap_result *result, struct json *j);

#endif
