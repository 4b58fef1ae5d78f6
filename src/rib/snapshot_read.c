/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a snapshot, at the start of the daemon; the file is described in snapshot_file.h. */
#include "rib/snapshot.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/mem.h"
#include "rib/snapshot_file.h"

#define RUN	64			/* routes of one path that are announced at a time */

struct loader {
	struct rib *rib;
	mono_t stale_until;
	struct teller *teller;
	uint32_t *path;			/* by number in the block; 0: it found no room */
	uint32_t paths, paths_room;
	struct snapshot_figures f;
};

static const uint8_t *
take_bytes(struct rd *r, uint16_t *ret_len)
{
	uint16_t len = rd_u16(r);

	*ret_len = len;
	return rd_bytes(r, len);
}

static void
take_attrs(struct rd *r, struct attrs *a)
{
	uint8_t flags = rd_u8(r);

	*a = (struct attrs){
		.origin = flags & PATH_ORIGIN, .has_med = (flags & PATH_HAS_MED) != 0,
		.has_local_pref = (flags & PATH_HAS_LOCAL_PREF) != 0,
		.llgr_stale = (flags & PATH_LLGR_STALE) != 0, .no_llgr = (flags & PATH_NO_LLGR) != 0,
	};
	a->med = rd_u32(r);
	a->local_pref = rd_u32(r);
	rd_copy(r, a->next_hop.b, 16);
	a->aspath = take_bytes(r, &a->aspath_len);
	a->comms = take_bytes(r, &a->comms_len);
	a->ecomms = take_bytes(r, &a->ecomms_len);
	a->lcomms = take_bytes(r, &a->lcomms_len);
	a->others = take_bytes(r, &a->others_len);
}

/* Intern; where the teller's budget is used up, background work makes a new one. */
static uint32_t
intern(struct loader *l, const struct attrs *a)
{
	uint32_t path = attrs_put(l->teller, a);

	for (int tries = 0; path == 0 && tries < 16; tries++) {
		while (rib_work(l->rib, mono_add(mono_now(), NS_PER_SEC)))
			;
		path = attrs_put(l->teller, a);
	}
	return path;
}

static void
remember(struct loader *l, uint32_t path)
{
	if (l->paths == l->paths_room) {
		l->paths_room = l->paths_room > 0 ? 2 * l->paths_room : 4096;
		l->path = mem_grow(l->path, l->paths_room, sizeof(l->path[0]));
	}
	l->path[l->paths++] = path;
}

/* The next route of a block; its path is 0 where the RIB has no room. -1: malformed. */
static int
take_route(struct loader *l, struct rd *r, uint64_t rd, uint8_t safi, bool v6, uint32_t *path,
    struct nlri *ret)
{
	uint8_t bytes[16] = { 0 }, flags = rd_u8(r);
	uint32_t number;
	struct attrs a;

	if (flags & SAVED_NEW_PATH) {
		take_attrs(r, &a);
		if (r->bad)
			return -1;
		*path = intern(l, &a);
		remember(l, *path);
	} else if (!(flags & SAVED_SAME_PATH)) {
		number = rd_u24(r);
		if (number >= l->paths)
			return -1;
		*path = l->path[number];
	}
	*ret = (struct nlri){ .rd = rd, .safi = safi };
	ret->prefix.len = rd_u8(r);
	if (ret->prefix.len > (v6 ? 128 : 32))
		return -1;
	rd_copy(r, bytes, (ret->prefix.len + 7u) / 8);
	ret->prefix.addr = v6 ? addr_of_bytes16(bytes) : addr_of_bytes4(bytes);
	ret->path_id = flags & SAVED_PATH_ID ? rd_u32(r) : 0;
	ret->label = flags & SAVED_LABEL ? rd_u32(r) : 0;
	return r->bad ? -1 : 0;
}

static void
announce_run(struct loader *l, const struct nlri *nlri, size_t n, uint32_t path)
{
	size_t took = 0;

	if (n > 0 && path != 0)
		took = rib_announce_many(l->teller, nlri, n, path);
	l->f.routes += took;
	l->f.refused += n - took;
}

static int
load_routes(struct loader *l, struct rd r)
{
	uint64_t rd = rd_u64(&r);
	uint8_t safi = rd_u8(&r), afi = rd_u8(&r);
	uint32_t count = rd_u32(&r), path = 0, run_path = 0;
	struct nlri run[RUN];
	size_t n = 0;

	if (l->teller == NULL || safi >= RIB_SAFIS || afi >= RIB_AFIS)
		return -1;
	l->paths = 0;
	for (; count > 0; count--) {
		if (take_route(l, &r, rd, safi, afi == RIB_IP6, &path, &run[n]) != 0)
			return -1;
		if (n > 0 && (path != run_path || n == RUN - 1)) {
			announce_run(l, run, n, run_path);
			run[0] = run[n];
			n = 0;
		}
		run_path = path;
		n++;
	}
	announce_run(l, run, n, run_path);
	return rd_left(&r) == 0 && !r.bad ? 0 : -1;
}

static int
load_teller(struct loader *l, struct rd r)
{
	struct teller_info info = { .kind = rd_u8(&r) };
	const uint8_t *name;
	struct sbuf text = { 0 };
	uint16_t len;

	rd_copy(&r, info.router.b, 16);
	rd_copy(&r, info.router_id.b, 16);
	info.as = rd_u32(&r);
	name = take_bytes(&r, &len);
	if (r.bad || (int)info.kind >= TELLER_FILE)
		return -1;
	if (l->teller != NULL)
		teller_orphan(l->teller, l->stale_until);
	sbuf_add(&text, name, len);
	info.name = sbuf_text(&text);
	l->teller = teller_new(l->rib, &info);
	l->f.tellers++;
	sbuf_done(&text);
	return 0;
}

static struct rd
take_block(struct rd *r, uint32_t *ret_kind)
{
	uint32_t len;
	uint64_t sum;
	struct rd body;

	*ret_kind = rd_u32(r);
	len = rd_u32(r);
	sum = rd_u64(r);
	body = rd_sub(r, len);
	if (!body.bad && sum != block_sum(*ret_kind, body.at, len))
		body.bad = r->bad = true;
	return body;
}

/* Whole, unharmed, of this version and not too old? */
static int
check(struct rd r, wall_t oldest, wall_t *ret_saved, struct sbuf *err)
{
	const uint8_t *start = r.at;
	uint64_t magic = rd_u64(&r);
	uint32_t version = rd_u32(&r), kind = 0;

	rd_skip(&r, 4);
	ret_saved->ns = (int64_t)rd_u64(&r);
	if (rd_u64(&r) != XXH3_64bits(start, r.bad ? 0 : HEAD_BYTES - 8) || magic != SNAPSHOT_MAGIC) {
		sbuf_str(err, "it is no snapshot, or damaged");
		return -1;
	}
	if (version != SNAPSHOT_VERSION) {
		sbuf_printf(err, "it is of version %u, and this daemon reads %u", version,
		    SNAPSHOT_VERSION);
		return -1;
	}
	if (ret_saved->ns < oldest.ns) {
		sbuf_str(err, "it is too old");
		return -1;
	}
	while (rd_left(&r) > 0 && kind != BLOCK_END)
		(void)take_block(&r, &kind);
	if (r.bad || kind != BLOCK_END || rd_left(&r) > 0) {
		sbuf_str(err, "it is damaged");
		return -1;
	}
	return 0;
}

/* What the sums vouch for is read without fear, and still within bounds. */
static int
load(struct loader *l, struct rd r)
{
	uint32_t kind = 0;
	int result = 0;

	rd_skip(&r, HEAD_BYTES);
	while (result == 0 && kind != BLOCK_END) {
		struct rd body = take_block(&r, &kind);

		if (body.bad)
			result = -1;
		else if (kind == BLOCK_TELLER)
			result = load_teller(l, body);
		else if (kind == BLOCK_ROUTES)
			result = load_routes(l, body);
		else if (kind != BLOCK_END)
			result = -1;
	}
	if (l->teller != NULL)
		teller_orphan(l->teller, l->stale_until);
	return result;
}

static void
drop_orphans(struct rib *rib)
{
	struct teller *t, *next;

	for (t = teller_next(rib, NULL); t != NULL; t = next) {
		next = teller_next(rib, t);
		if (teller_is_orphan(t))
			teller_gone(t);
	}
}

int
rib_snapshot_read(struct rib *rib, const char *path, wall_t oldest, mono_t stale_until,
    struct snapshot_figures *ret, struct sbuf *err)
{
	struct loader l = { .rib = rib, .stale_until = stale_until };
	int fd = open(path, O_RDONLY | O_CLOEXEC), result = -1;
	struct stat st;
	uint8_t *map;

	if (fd < 0 || fstat(fd, &st) != 0) {
		sbuf_str(err, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	map = st.st_size > 0 ?
	    mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	if (map == MAP_FAILED) {
		sbuf_str(err, st.st_size > 0 ? strerror(errno) : "it is empty");
	} else {
		struct rd r = rd_of(map, (size_t)st.st_size);

		result = check(r, oldest, &l.f.saved, err);
		if (result == 0 && (result = load(&l, r)) != 0) {
			sbuf_str(err, "it is not as this daemon writes them");
			drop_orphans(rib);
		}
		l.f.bytes = (uint64_t)st.st_size;
		munmap(map, (size_t)st.st_size);
	}
	close(fd);
	mem_free(l.path);
	if (result == 0)
		*ret = l.f;
	return result;
}
