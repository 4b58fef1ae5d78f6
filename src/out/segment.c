/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing and reading one segment; which segments there are is the journal's business. */
#include "out/segment.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

#include "core/bytes.h"
#include "core/mem.h"

#define MAGIC		UINT64_C(0x5742534547303031)	/* also tells the byte order */
#define BLOCK_MOST	(1u << 20)
#define BLOCK_HEAD	16
#define SEGMENT_MOST	(UINT64_C(16) << 30)	/* bytes that are read back */

enum block { BLOCK_VALUES = 1, BLOCK_NAMES, BLOCK_ROWS, BLOCK_FOOTER };

struct footer {
	uint64_t rows, bytes, packets, flows, checksums;
};

uint64_t
segment_plan(const struct plan *plan)
{
	uint64_t h = XXH3_64bits_withSeed(plan->counter, plan->counters, plan->key_words);

	for (size_t i = 0; i < plan->fields; i++) {
		const struct plan_field *f = &plan->field[i];

		h = XXH3_64bits_withSeed(f->prim->word, strlen(f->prim->word), h);
		h = XXH3_64bits_withSeed(&f->at, sizeof(f->at), h);
	}
	return h;
}

/* --- writing -------------------------------------------------------------------------------------- */

struct writer {
	int fd;
	int error;			/* errno of the first failure */
	uint64_t size, checksums;
	uint8_t *block;			/* BLOCK_HEAD + BLOCK_MOST bytes */
	size_t used;			/* of the payload */
	enum block kind;
};

static void
put_bytes(struct writer *w, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (w->error == 0 && len > 0) {
		ssize_t n = write(w->fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			w->error = n < 0 ? errno : EIO;
			return;
		}
		at += n;
		len -= (size_t)n;
		w->size += (uint64_t)n;
	}
}

static uint64_t
block_sum(enum block kind, const void *payload, size_t len)
{
	return XXH3_64bits_withSeed(payload, len, (uint64_t)kind << 32 | len);
}

static void
end_block(struct writer *w)
{
	uint32_t kind = w->kind, len = (uint32_t)w->used;
	uint64_t sum = block_sum(w->kind, w->block + BLOCK_HEAD, w->used);

	if (w->used == 0)
		return;
	memcpy(w->block, &kind, 4);
	memcpy(w->block + 4, &len, 4);
	memcpy(w->block + 8, &sum, 8);
	put_bytes(w, w->block, BLOCK_HEAD + w->used);
	w->checksums = XXH3_64bits_withSeed(&sum, sizeof(sum), w->checksums);
	w->used = 0;
}

/* Room for a piece that lies in one block. */
static uint8_t *
block_room(struct writer *w, enum block kind, size_t len)
{
	uint8_t *to;

	assert(len <= BLOCK_MOST);
	if (kind != w->kind || w->used + len > BLOCK_MOST)
		end_block(w);
	w->kind = kind;
	to = w->block + BLOCK_HEAD + w->used;
	w->used += len;
	return to;
}

static void
put_values(struct writer *w, const struct rowset *rs)
{
	uint32_t count = rs->values != NULL ? valtab_count(rs->values) : 0;

	for (uint32_t id = 1; id <= count; id++) {
		size_t len;
		const uint8_t *bytes = valtab_get(rs->values, id, &len);
		uint32_t len32 = (uint32_t)len;
		uint8_t *to = block_room(w, BLOCK_VALUES, 4 + len);

		memcpy(to, &len32, 4);
		memcpy(to + 4, bytes, len);
	}
}

static int
by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The names that rows refer to: their ids hold for this process only. */
static void
put_names(struct writer *w, const struct rowset *rs, const struct names *names)
{
	uint32_t *ids = NULL, last = 0;
	size_t n = 0;

	for (size_t f = 0; f < rs->plan->fields; f++) {
		if (!value_is_name(rs->plan->field[f].prim->type))
			continue;
		ids = mem_grow(ids, n + rs->rows, sizeof(*ids));
		for (size_t i = 0; i < rs->rows; i++) {
			struct value v;

			rowset_value(rs, i, &rs->plan->field[f], &v);
			ids[n++] = (uint32_t)v.u;
		}
	}
	if (n > 0)
		qsort(ids, n, sizeof(*ids), by_number);
	for (size_t i = 0; i < n; i++) {
		const char *text;
		uint32_t len;
		uint8_t *to;

		if (ids[i] == last)
			continue;
		last = ids[i];
		text = names_get(names, last);
		len = (uint32_t)strlen(text);
		to = block_room(w, BLOCK_NAMES, 8 + len);
		memcpy(to, &last, 4);
		memcpy(to + 4, &len, 4);
		memcpy(to + 8, text, len);
	}
	mem_free(ids);
}

static void
put_rows(struct writer *w, const struct rowset *rs)
{
	size_t row_bytes = rs->stride * sizeof(uint64_t), most = BLOCK_MOST / row_bytes;

	for (size_t i = 0; i < rs->rows; i += most) {
		size_t n = rs->rows - i < most ? rs->rows - i : most;

		memcpy(block_room(w, BLOCK_ROWS, n * row_bytes), rs->row + i * rs->stride,
		    n * row_bytes);
	}
}

static void
put_footer(struct writer *w, const struct rowset *rs)
{
	struct footer foot = { .rows = rs->rows, .bytes = rs->bytes, .packets = rs->packets,
		.flows = rs->flows };

	end_block(w);
	foot.checksums = w->checksums;
	memcpy(block_room(w, BLOCK_FOOTER, sizeof(foot)), &foot, sizeof(foot));
	end_block(w);
}

static void
put_head(struct writer *w, const struct segment_head *head, const struct plan *plan)
{
	uint8_t room[SEGMENT_HEAD] = { 0 };
	uint64_t magic = MAGIC, sum;
	uint16_t kind = (uint16_t)head->kind, stride = (uint16_t)(plan->key_words + plan->counters);

	memcpy(room, &magic, 8);
	memcpy(room + 8, head->instance, 16);
	memcpy(room + 24, &head->number, 8);
	memcpy(room + 32, &head->upto, 8);
	memcpy(room + 40, &head->plan, 8);
	memcpy(room + 48, &kind, 2);
	memcpy(room + 50, &stride, 2);
	sum = XXH3_64bits(room, SEGMENT_HEAD - 8);
	memcpy(room + SEGMENT_HEAD - 8, &sum, 8);
	put_bytes(w, room, sizeof(room));
	w->checksums = sum;
}

int
segment_write(int dir, const char *name, const struct segment_head *head,
    const struct rowset *rs, const struct names *names, bool sync, uint64_t *ret_size)
{
	struct writer w = { 0 };
	char tmp[80];

	snprintf(tmp, sizeof(tmp), "%s.tmp", name);
	(void)unlinkat(dir, tmp, 0);
	w.fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (w.fd < 0)
		return -1;
	w.block = mem_new(BLOCK_HEAD + BLOCK_MOST);
	put_head(&w, head, rs->plan);
	put_values(&w, rs);
	put_names(&w, rs, names);
	put_rows(&w, rs);
	put_footer(&w, rs);
	mem_free(w.block);
	if (w.error == 0 && sync && fdatasync(w.fd) != 0)
		w.error = errno;
	if (close(w.fd) != 0 && w.error == 0)
		w.error = errno;
	if (w.error == 0 && renameat(dir, tmp, dir, name) != 0)
		w.error = errno;
	if (w.error != 0) {
		(void)unlinkat(dir, tmp, 0);
		errno = w.error;
		return -1;
	}
	*ret_size = w.size;
	return 0;
}

/* --- reading -------------------------------------------------------------------------------------- */

static int
parse_head(const uint8_t *room, struct segment_head *ret, uint16_t *ret_stride)
{
	uint64_t magic, sum;
	uint16_t kind;

	memcpy(&magic, room, 8);
	memcpy(&sum, room + SEGMENT_HEAD - 8, 8);
	if (magic != MAGIC || sum != XXH3_64bits(room, SEGMENT_HEAD - 8))
		return -1;
	memcpy(ret->instance, room + 8, 16);
	memcpy(&ret->number, room + 24, 8);
	memcpy(&ret->upto, room + 32, 8);
	memcpy(&ret->plan, room + 40, 8);
	memcpy(&kind, room + 48, 2);
	memcpy(ret_stride, room + 50, 2);
	if (kind != SEGMENT_BATCH && kind != SEGMENT_SLICE)
		return -1;
	ret->kind = (enum segment_kind)kind;
	return 0;
}

static int
read_whole(int fd, uint8_t *to, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, to, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		to += n;
		len -= (size_t)n;
	}
	return 0;
}

int
segment_read_head(int dir, const char *name, struct segment_head *ret, uint64_t *ret_size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	uint8_t room[SEGMENT_HEAD];
	struct stat st;
	uint16_t stride;
	int bad;

	if (fd < 0)
		return -1;
	bad = fstat(fd, &st) != 0 || read_whole(fd, room, sizeof(room)) != 0 ||
	    parse_head(room, ret, &stride) != 0;
	close(fd);
	if (bad)
		return -1;
	*ret_size = (uint64_t)st.st_size;
	return 0;
}

/* What is being put together from a segment's blocks. */
struct loading {
	struct rowset rs;
	uint64_t *rows;
	size_t row_words;
	struct valtab *values;
	uint32_t *old_id, *new_id;	/* names */
	size_t names;
	struct footer foot;
	bool has_foot;
};

static int
load_values(struct loading *l, struct rd r)
{
	while (rd_left(&r) > 0) {
		uint32_t len;
		const uint8_t *bytes;

		rd_copy(&r, &len, 4);
		bytes = rd_bytes(&r, len);
		if (r.bad)
			return -1;
		valtab_put(l->values, bytes, len);
	}
	return 0;
}

static int
load_names(struct loading *l, struct rd r, struct names *names)
{
	while (rd_left(&r) > 0) {
		uint32_t id, len;
		const uint8_t *text;

		rd_copy(&r, &id, 4);
		rd_copy(&r, &len, 4);
		text = rd_bytes(&r, len);
		if (r.bad)
			return -1;
		l->old_id = mem_grow(l->old_id, l->names + 1, sizeof(*l->old_id));
		l->new_id = mem_grow(l->new_id, l->names + 1, sizeof(*l->new_id));
		l->old_id[l->names] = id;
		l->new_id[l->names++] = names_put(names, (const char *)text, len);
	}
	return 0;
}

static int
load_rows(struct loading *l, struct rd r)
{
	size_t len = rd_left(&r), row_bytes = l->rs.stride * sizeof(uint64_t);

	if (len % row_bytes != 0)
		return -1;
	l->rows = mem_grow(l->rows, l->row_words + len / 8, sizeof(*l->rows));
	rd_copy(&r, l->rows + l->row_words, len);
	l->row_words += len / 8;
	return 0;
}

/* All blocks, each checked before it is believed. -1: not whole. */
static int
load_blocks(struct loading *l, struct rd r, uint64_t checksums, struct names *names)
{
	while (rd_left(&r) > 0 && !l->has_foot) {
		uint32_t kind, len;
		uint64_t sum;
		struct rd block;

		rd_copy(&r, &kind, 4);
		rd_copy(&r, &len, 4);
		rd_copy(&r, &sum, 8);
		block = rd_sub(&r, len);
		if (r.bad || sum != block_sum((enum block)kind, block.at, len))
			return -1;
		if (kind == BLOCK_VALUES && load_values(l, block) != 0)
			return -1;
		if (kind == BLOCK_NAMES && load_names(l, block, names) != 0)
			return -1;
		if (kind == BLOCK_ROWS && load_rows(l, block) != 0)
			return -1;
		if (kind == BLOCK_FOOTER) {
			rd_copy(&block, &l->foot, sizeof(l->foot));
			l->has_foot = !block.bad && l->foot.checksums == checksums;
			if (!l->has_foot)
				return -1;
		}
		checksums = XXH3_64bits_withSeed(&sum, sizeof(sum), checksums);
	}
	return l->has_foot && rd_left(&r) == 0 ? 0 : -1;
}

/* Ids of names as this process has them. */
static int
rename_rows(struct loading *l)
{
	const struct plan *plan = l->rs.plan;

	for (size_t f = 0; f < plan->fields; f++) {
		if (!value_is_name(plan->field[f].prim->type))
			continue;
		for (size_t i = 0; i < l->rs.rows; i++) {
			char *at = (char *)(l->rows + i * l->rs.stride) + plan->field[f].at;
			uint32_t id, *found;

			memcpy(&id, at, 4);
			if (id == 0)
				continue;
			found = l->names == 0 ? NULL :
			    bsearch(&id, l->old_id, l->names, sizeof(id), by_number);
			if (found == NULL)
				return -1;
			memcpy(at, &l->new_id[found - l->old_id], 4);
		}
	}
	return 0;
}

/* Sums and references: the last look before rows are believed. */
static int
check_rows(struct loading *l)
{
	struct rowset *rs = &l->rs;
	uint32_t count = valtab_count(l->values);

	rs->row = l->rows;
	rs->rows = l->row_words / rs->stride;
	rs->values = l->values;
	for (size_t i = 0; i < rs->rows; i++) {
		rs->bytes += rowset_counter(rs, i, EC_BYTES);
		rs->packets += rowset_counter(rs, i, EC_PACKETS);
		rs->flows += rowset_counter(rs, i, EC_FLOWS);
	}
	for (size_t f = 0; f < rs->plan->fields; f++) {
		const struct plan_field *field = &rs->plan->field[f];

		for (size_t i = 0; value_rows[field->prim->type].by_reference && i < rs->rows; i++) {
			uint32_t id;

			memcpy(&id, (char *)(l->rows + i * rs->stride) + field->at, 4);
			if (id > count)
				return -1;
		}
	}
	return rs->rows == l->foot.rows && rs->bytes == l->foot.bytes &&
	    rs->packets == l->foot.packets && rs->flows == l->foot.flows ? 0 : -1;
}

static int
load_whole(struct rd file, const struct plan *plan, struct names *names, struct bintab *tab,
    size_t *ret_rows)
{
	struct loading l = { .rs.plan = plan, .rs.stride = plan->key_words + plan->counters };
	const uint8_t *room = rd_bytes(&file, SEGMENT_HEAD);
	struct segment_head head;
	uint64_t checksums;
	uint16_t stride;
	int ret = -1;

	if (room == NULL || parse_head(room, &head, &stride) != 0 || stride != l.rs.stride ||
	    head.plan != segment_plan(plan))
		return -1;
	memcpy(&checksums, room + SEGMENT_HEAD - 8, 8);
	l.values = valtab_new();
	if (load_blocks(&l, file, checksums, names) == 0 && check_rows(&l) == 0 &&
	    rename_rows(&l) == 0) {
		if (l.rs.rows > 0)
			bintab_add_rows(tab, &l.rs);
		*ret_rows = l.rs.rows;
		ret = 0;
	}
	valtab_free(l.values);
	mem_free(l.rows);
	mem_free(l.old_id);
	mem_free(l.new_id);
	return ret;
}

/* The file, to be freed; NULL with a sentence. */
static uint8_t *
read_file(int dir, const char *name, size_t *ret_len, struct sbuf *err)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	uint8_t *file = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || (uint64_t)st.st_size > SEGMENT_MOST) {
		sbuf_printf(err, "%s: %s", name, fd < 0 ? strerror(errno) : "too long to be ours");
	} else {
		file = mem_new((size_t)st.st_size + 1);
		*ret_len = read_whole(fd, file, (size_t)st.st_size) == 0 ? (size_t)st.st_size : 0;
	}
	if (fd >= 0)
		close(fd);
	return file;
}

int
segment_load(int dir, const char *name, const struct plan *plan, struct names *names,
    struct bintab *tab, size_t *ret_rows, struct sbuf *err)
{
	size_t len = 0;
	uint8_t *file = read_file(dir, name, &len, err);
	int ret = -1;

	if (file == NULL)
		return -1;
	ret = load_whole(rd_of(file, len), plan, names, tab, ret_rows);
	if (ret != 0)
		sbuf_printf(err, "%s: torn or changed; its checksums do not hold", name);
	mem_free(file);
	return ret;
}

static int
by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The first word of a row is its bin, whatever the plan. */
static void
find_bins(const struct loading *l, struct segment_facts *facts)
{
	size_t n = l->row_words / l->rs.stride;
	int64_t *bin = mem_array(n + 1, sizeof(*bin));

	for (size_t i = 0; i < n; i++)
		bin[i] = (int64_t)l->rows[i * l->rs.stride];
	if (n > 0) {
		qsort(bin, n, sizeof(*bin), by_time);
		facts->first.ns = bin[0];
		facts->last.ns = bin[n - 1];
	}
	for (size_t i = 0; i < n; i++)
		facts->bins += i == 0 || bin[i] != bin[i - 1];
	mem_free(bin);
}

int
segment_read_facts(int dir, const char *name, struct segment_facts *ret, struct sbuf *err)
{
	struct names *names = names_new(1u << 20);
	struct loading l = { .values = valtab_new() };
	struct segment_facts facts = { 0 };
	uint64_t checksums = 0;
	uint16_t stride = 0;
	size_t len = 0;
	uint8_t *file = read_file(dir, name, &len, err);
	int got = -1;

	if (len > SEGMENT_HEAD && parse_head(file, &facts.head, &stride) == 0 && stride > 0) {
		l.rs.stride = stride;
		memcpy(&checksums, file + SEGMENT_HEAD - 8, 8);
		got = load_blocks(&l, rd_of(file + SEGMENT_HEAD, len - SEGMENT_HEAD), checksums,
		    names);
	}
	if (got == 0) {
		facts.size = len;
		facts.rows = l.foot.rows;
		facts.bytes = l.foot.bytes;
		facts.packets = l.foot.packets;
		facts.flows = l.foot.flows;
		find_bins(&l, &facts);
		*ret = facts;
	} else if (file != NULL) {
		sbuf_printf(err, "%s: torn or changed; its checksums do not hold", name);
	}
	valtab_free(l.values);
	names_free(names);
	mem_free(l.rows);
	mem_free(l.old_id);
	mem_free(l.new_id);
	mem_free(file);
	return got;
}
