/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing a snapshot, on a reader's thread; the file is described in snapshot_file.h. */
#include "rib/snapshot.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/hash.h"
#include "core/mem.h"
#include "rib/snapshot_file.h"

#define BLOCK_BYTES	(2u << 20)		/* about; a reader holds its epoch for this long */
#define ROUTE_MOST	(5 * 65536)		/* bytes one route may take, with all its attributes */
#define BATCH		256

struct saver {
	struct epoch *ep;
	struct epoch_reader *slot;
	struct rib_scan *scan;
	const struct rib *rib;
	int fd;
	struct wr w;			/* blocks that are not in the file yet */
	size_t block;			/* where the head of the one at hand stands in w */
	struct slots number;		/* path -> its number in the block */
	uint32_t *path;
	uint32_t paths, paths_room;
	uint32_t last_path, routes;	/* of the block; routes 0: it was not begun */
	uint32_t column, teller;	/* UINT32_MAX: none yet */
	struct snapshot_figures f;
};

static uint64_t
path_hash(uint32_t path)
{
	const uint64_t word = path;

	return hash_words(&word, 1, 0);
}

static int
write_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* All blocks go to the file; while they do, the reader holds nothing, so none may be begun. */
static int
flush(struct saver *s)
{
	size_t len = wr_len(&s->w);
	int result;

	epoch_offline(s->slot);
	result = write_all(s->fd, s->w.start, len);
	epoch_tick(s->ep, s->slot);
	s->f.bytes += len;
	s->w.at = s->w.start;
	return result;
}

static void
begin_block(struct saver *s)
{
	s->block = wr_len(&s->w);
	(void)wr_room(&s->w, BLOCK_HEAD);
}

static void
end_block(struct saver *s, uint32_t kind)
{
	uint8_t *at = s->w.start + s->block;
	size_t len = wr_len(&s->w) - s->block - BLOCK_HEAD;
	struct wr head = wr_of(at, BLOCK_HEAD);

	wr_u32(&head, kind);
	wr_u32(&head, (uint32_t)len);
	wr_u64(&head, block_sum(kind, at + BLOCK_HEAD, len));
}

static void
put_head(struct saver *s)
{
	s->f.saved = wall_now();
	wr_u64(&s->w, SNAPSHOT_MAGIC);
	wr_u32(&s->w, SNAPSHOT_VERSION);
	wr_u32(&s->w, 0);
	wr_u64(&s->w, (uint64_t)s->f.saved.ns);
	wr_u64(&s->w, XXH3_64bits(s->w.start, HEAD_BYTES - 8));
}

static void
put_teller(struct saver *s, const struct teller_info *info)
{
	size_t len = strlen(info->name) < UINT16_MAX ? strlen(info->name) : UINT16_MAX;

	begin_block(s);
	wr_u8(&s->w, (uint8_t)info->kind);
	wr_bytes(&s->w, info->router.b, 16);
	wr_bytes(&s->w, info->router_id.b, 16);
	wr_u32(&s->w, info->as);
	wr_u16(&s->w, (uint16_t)len);
	wr_bytes(&s->w, info->name, len);
	end_block(s, BLOCK_TELLER);
	s->f.tellers++;
}

static void
put_bytes(struct saver *s, enum attr_kind kind, uint32_t id)
{
	size_t len;
	const uint8_t *bytes = rib_attr(s->rib, kind, id, &len);

	wr_u16(&s->w, (uint16_t)len);
	wr_bytes(&s->w, bytes, len);
}

static void
put_path(struct saver *s, uint32_t id)
{
	const struct path *p = rib_path(s->rib, id);
	const struct comm_set set = rib_comms(s->rib, p);
	struct addr hop = rib_addr(s->rib, p->next_hop);

	wr_u8(&s->w, (uint8_t)p->flags);
	wr_u32(&s->w, p->med);
	wr_u32(&s->w, p->local_pref);
	wr_bytes(&s->w, hop.b, 16);
	put_bytes(s, ATTR_ASPATH, p->aspath);
	put_bytes(s, ATTR_COMMS, set.comms);
	put_bytes(s, ATTR_ECOMMS, set.ecomms);
	put_bytes(s, ATTR_LCOMMS, set.lcomms);
	put_bytes(s, ATTR_OTHERS, set.others);
}

/* The number of a path in this block; a new one is counted, and *ret_new says so. */
static uint32_t
number_of(struct saver *s, uint32_t path, bool *ret_new)
{
	struct slots_at at;
	uint64_t hash = path_hash(path);
	uint32_t i = slots_first(&s->number, hash, &at);

	for (; i != SLOTS_NONE; i = slots_next(&s->number, &at))
		if (s->path[i] == path)
			break;
	*ret_new = i == SLOTS_NONE;
	if (!*ret_new)
		return i;
	if (s->paths == s->paths_room) {
		s->paths_room = s->paths_room > 0 ? 2 * s->paths_room : 4096;
		s->path = mem_grow(s->path, s->paths_room, sizeof(s->path[0]));
	}
	s->path[s->paths] = path;
	slots_add(&s->number, hash, s->paths);
	return s->paths++;
}

static void
put_route(struct saver *s, const struct rib_scanned *r)
{
	const struct prefix *p = &r->nlri.prefix;
	uint8_t flags = (r->nlri.path_id != 0 ? SAVED_PATH_ID : 0) |
	    (r->nlri.label != 0 ? SAVED_LABEL : 0);
	uint32_t number = 0;
	bool new = false;

	if (r->path == s->last_path)
		flags |= SAVED_SAME_PATH;
	else
		number = number_of(s, r->path, &new);
	wr_u8(&s->w, new ? flags | SAVED_NEW_PATH : flags);
	if (new)
		put_path(s, r->path);
	else if (!(flags & SAVED_SAME_PATH))
		wr_u24(&s->w, number);
	wr_u8(&s->w, p->len);
	wr_bytes(&s->w, p->addr.b + (addr_is_v4(&p->addr) ? 12 : 0), (p->len + 7u) / 8);
	if (flags & SAVED_PATH_ID)
		wr_u32(&s->w, r->nlri.path_id);
	if (flags & SAVED_LABEL)
		wr_u32(&s->w, r->nlri.label);
	s->last_path = r->path;
	s->routes++;
}

static void
end_routes(struct saver *s)
{
	struct wr count = wr_of(s->w.start + s->block + BLOCK_HEAD + ROUTES_AT, 4);

	if (s->routes == 0)
		return;
	wr_u32(&count, s->routes);
	end_block(s, BLOCK_ROUTES);
	s->f.routes += s->routes;
	s->routes = 0;
	s->paths = 0;
	s->last_path = 0;
	slots_clear(&s->number);
}

static void
begin_routes(struct saver *s, const struct rib_scanned *r)
{
	if (s->teller != r->teller)
		put_teller(s, rib_scan_teller(s->scan, r->teller));
	s->teller = r->teller;
	s->column = r->column;
	begin_block(s);
	wr_u64(&s->w, r->nlri.rd);
	wr_u8(&s->w, r->nlri.safi);
	wr_u8(&s->w, addr_is_v4(&r->nlri.prefix.addr) ? RIB_IP4 : RIB_IP6);
	wr_u32(&s->w, 0);		/* how many, see end_routes */
}

/* A batch is of one column, so of one teller. */
static void
put_batch(struct saver *s, const struct rib_scanned *r, size_t n)
{
	if (rib_scan_teller(s->scan, r->teller)->kind == TELLER_FILE)
		return;
	if (s->column != r->column)
		end_routes(s);
	for (size_t i = 0; i < n; i++) {
		if (s->routes == 0)
			begin_routes(s, &r[i]);
		put_route(s, &r[i]);
	}
}

static int
save(struct saver *s)
{
	struct rib_scanned batch[BATCH];
	size_t n;

	put_head(s);
	while ((n = rib_scan_next(s->scan, batch, BATCH)) > 0) {
		put_batch(s, batch, n);
		if (wr_len(&s->w) < BLOCK_BYTES)
			continue;
		end_routes(s);
		if (flush(s) != 0)
			return -1;
	}
	end_routes(s);
	begin_block(s);
	wr_u64(&s->w, s->f.tellers);
	wr_u64(&s->w, s->f.routes);
	end_block(s, BLOCK_END);
	assert(!s->w.bad);
	return flush(s);
}

/* A rename is on disk once the folder is. */
static void
sync_folder(const char *path)
{
	struct sbuf folder = { 0 };
	const char *slash = strrchr(path, '/');
	int fd;

	sbuf_printf(&folder, "%.*s", slash != NULL ? (int)(slash - path + 1) : 1,
	    slash != NULL ? path : ".");
	fd = open(sbuf_text(&folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	sbuf_done(&folder);
}

int
rib_snapshot_write(struct rib_scan *scan, struct epoch *ep, struct epoch_reader *slot,
    const char *path, struct snapshot_figures *ret, struct sbuf *err)
{
	const size_t room = BLOCK_BYTES + BATCH * ROUTE_MOST;
	struct saver s = {
		.ep = ep, .slot = slot, .scan = scan, .rib = rib_scan_rib(scan),
		.column = UINT32_MAX, .teller = UINT32_MAX,
	};
	struct sbuf temp = { 0 };
	uint8_t *bytes;
	int result = -1;

	sbuf_printf(&temp, "%s.new", path);
	s.fd = open(sbuf_text(&temp), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (s.fd >= 0) {
		bytes = mem_reserve(room, 0);
		s.w = wr_of(bytes, room);
		slots_init(&s.number, 4096);
		epoch_tick(ep, slot);
		result = save(&s);
		epoch_offline(slot);
		if (result == 0 && (fsync(s.fd) != 0 || rename(sbuf_text(&temp), path) != 0))
			result = -1;
		slots_done(&s.number);
		mem_free(s.path);
		mem_unreserve(bytes, room);
	}
	if (result != 0)
		sbuf_printf(err, "%s: %s", sbuf_text(&temp), strerror(errno));
	if (s.fd >= 0)
		close(s.fd);
	if (result == 0) {
		sync_folder(path);
		*ret = s.f;
	} else if (s.fd >= 0) {
		(void)unlink(sbuf_text(&temp));
	}
	sbuf_done(&temp);
	return result;
}
