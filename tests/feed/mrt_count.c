/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mrt_count FILE...: what MRT files have, a line each; with -r a line per route, in the words of
 * bgpdump -m (type, peer, AS, prefix, path, next hop), for comparing the two.
 */
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "feed/mrt.h"
#include "feed/zfile.h"

static void
print_route(const struct mrt *m, uint32_t peer, bool gone, const struct nlri *n,
    const struct bgp_update *u, const struct addr *hop)
{
	char a[ADDR_TEXT], p[PREFIX_TEXT], h[ADDR_TEXT];
	struct sbuf path = { 0 };

	printf("%c|%s|%u|%s", gone ? 'W' : 'A', addr_text(&m->peer[peer].addr, a),
	    m->peer[peer].as, prefix_text(&n->prefix, p));
	if (!gone) {
		aspath_text(&path, u->attrs.aspath, u->attrs.aspath_len, ' ');
		printf("|%s|%s", sbuf_text(&path), addr_text(hop, h));
		sbuf_done(&path);
	}
	putchar('\n');
}

static void
on_update(void *ctx, const struct mrt *m, uint32_t peer, uint32_t path_id,
    const struct bgp_update *u)
{
	(void)path_id;
	for (int i = 0; *(bool *)ctx && i < UPDATE_PARTS; i++) {
		const struct update_part_nlri *part = &u->part[i];
		struct rd field = part->nlri;
		struct nlri nlri[64];
		size_t n;

		while (part->family != NULL && (n = nlri_take(part->family,
		    part->form, &field, nlri, 64)) > 0)
			for (size_t k = 0; k < n; k++)
				print_route(m, peer, i < PART_NLRI || u->verdict >= VERDICT_WITHDRAW,
				    &nlri[k], u, &part->next_hop);
	}
}

static int
read_all(struct mrt *m, struct zfile *z)
{
	size_t room = MRT_RECORD_MOST + 65536, have = 0;
	uint8_t *bytes = mem_new(room);
	int result = 0;
	ssize_t n = 1;

	while (n > 0 && result >= 0) {
		struct rd r;

		n = zfile_read(z, bytes + have, room - have);
		have += n > 0 ? (size_t)n : 0;
		r = rd_of(bytes, have);
		while ((result = mrt_take(m, &r)) > 0)
			;
		have = rd_left(&r);
		memmove(bytes, r.at, have);
	}
	mem_free(bytes);
	return n < 0 || result < 0 || have > 0 ? -1 : 0;
}

int
main(int argc, char **argv)
{
	bool routes = argc > 1 && strcmp(argv[1], "-r") == 0;
	int failed = 0;

	for (int i = routes ? 2 : 1; i < argc; i++) {
		struct mrt *m = mem_new(sizeof(*m));
		struct sbuf err = { 0 };
		struct zfile *z = zfile_open(argv[i], &err);
		const char *name = strrchr(argv[i], '/');
		int result = -1;

		m->update = on_update;
		m->ctx = &routes;
		if (z != NULL) {
			result = read_all(m, z);
			zfile_close(z);
		}
		if (!routes)
			printf("%s records %llu entries %llu updates %llu states %llu announced %llu "
			    "withdrawn %llu skipped %llu other %llu malformed %llu peers %u%s%s\n",
			    name != NULL ? name + 1 : argv[i], (unsigned long long)m->c.records,
			    (unsigned long long)m->c.entries, (unsigned long long)m->c.updates,
			    (unsigned long long)m->c.states, (unsigned long long)m->c.announced,
			    (unsigned long long)m->c.withdrawn, (unsigned long long)m->c.skipped,
			    (unsigned long long)m->c.other, (unsigned long long)m->c.malformed,
			    m->peers, result != 0 ? " DAMAGED " : "", sbuf_text(&err));
		failed |= result != 0;
		sbuf_done(&err);
		mrt_done(m);
		mem_free(m);
	}
	return failed;
}
