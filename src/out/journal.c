/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The folder of a journal: which segments there are, in what order they come and go. What stands
 * in a segment is segment.c.
 *
 * Order on disk: a batch is renamed into place, and the folder forced, before the slices it holds
 * are removed; their removal is forced before the batch may go; the acknowledgement is forced
 * before the batch goes. So at any moment each row is in exactly one of: slices, batch, database.
 */
#include "out/journal.h"

#include <bsd/stdlib.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

#include "core/log.h"
#include "core/mem.h"
#include "out/segment.h"

#define ACK_MAGIC	UINT64_C(0x57424a41434b3031)
#define ACKS_MOST	4096		/* records before the log is made anew */

struct ack {
	uint64_t magic, seq, upto, sum;
};

struct entry {
	uint64_t number, size, upto;
};

struct list {
	struct entry *entry;
	size_t count;
};

struct journal {
	char *dir, *subject;
	int fd, lock, acks;
	const struct plan *plan;
	uint64_t plan_hash;
	struct names *names;
	uint64_t most_bytes;
	enum journal_sync sync;
	uint8_t id[16];
	char instance[33];
	struct list batch, slice;
	uint64_t seq, slice_number;	/* last ones given */
	struct ack acked;		/* the highest numbers */
	unsigned ack_records;
	bool removed;			/* slices were removed since the folder was forced */
	struct journal_status status;
};

#define C(f) offsetof(struct journal_status, f)
const struct counter_row journal_rows[] = {
	{ "journal_bytes", C(bytes), COUNTER_HELD, "bytes of the journal on disk" },
	{ "journal_batches", C(batches), COUNTER_HELD, "purges that wait for the database" },
	{ "journal_slices", C(slices), COUNTER_HELD, "checkpoints since the last purge" },
	{ "journal_written", C(written), COUNTER_INFO, "segments written" },
	{ "journal_acked", C(acked), COUNTER_INFO, "purges that the database has for good" },
	{ "journal_recovered_rows", C(recovered_rows), COUNTER_INFO,
	    "rows found in checkpoints at the start" },
	{ "journal_refused", C(refused), COUNTER_INFO,
	    "segments that the disk or journal_most did not take" },
	{ "journal_bad", C(bad), COUNTER_INFO, "segments set aside: torn or changed" },
	{ "journal_foreign", C(foreign), COUNTER_INFO, "segments of another aggregate, kept" },
};
#undef C
const size_t journal_row_count = ARRAY_LEN(journal_rows);

/* --- lists of segments ---------------------------------------------------------------------------- */

static void
segment_name(enum segment_kind kind, uint64_t number, char room[64])
{
	snprintf(room, 64, "%s-%016" PRIx64 ".seg", kind == SEGMENT_BATCH ? "batch" : "slice",
	    number);
}

static void
list_add(struct list *l, struct entry e)
{
	l->entry = mem_grow(l->entry, l->count + 1, sizeof(*l->entry));
	l->entry[l->count++] = e;
}

static void
list_drop(struct list *l, size_t i)
{
	memmove(&l->entry[i], &l->entry[i + 1], (l->count - i - 1) * sizeof(*l->entry));
	l->count--;
}

static int
by_number(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static void
count_now(struct journal *j)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < j->batch.count; i++)
		bytes += j->batch.entry[i].size;
	for (size_t i = 0; i < j->slice.count; i++)
		bytes += j->slice.entry[i].size;
	counter_set(&j->status.bytes, bytes);
	counter_set(&j->status.batches, j->batch.count);
	counter_set(&j->status.slices, j->slice.count);
}

static void
force_dir(struct journal *j)
{
	if (j->sync != JOURNAL_SYNC_NONE)
		(void)fsync(j->fd);
	j->removed = false;
}

static void
remove_segment(struct journal *j, enum segment_kind kind, uint64_t number)
{
	char name[64];

	segment_name(kind, number, name);
	(void)unlinkat(j->fd, name, 0);
}

/* Slices up to a number are in a batch. */
static void
remove_slices(struct journal *j, uint64_t upto)
{
	for (size_t i = 0; i < j->slice.count;) {
		if (j->slice.entry[i].number > upto) {
			i++;
			continue;
		}
		remove_segment(j, SEGMENT_SLICE, j->slice.entry[i].number);
		list_drop(&j->slice, i);
		j->removed = true;
	}
}

static void
set_aside(struct journal *j, enum segment_kind kind, uint64_t number, const char *why)
{
	char name[64], bad[80];

	segment_name(kind, number, name);
	snprintf(bad, sizeof(bad), "%s.bad", name);
	(void)renameat(j->fd, name, j->fd, bad);
	count(&j->status.bad);
	log_write(LOG_LVL_ERROR, j->subject, "journal: %s; kept as %s/%s", why, j->dir, bad);
}

/* --- opening -------------------------------------------------------------------------------------- */

static int
make_dirs(const char *path)
{
	char *copy = mem_strdup(path), *slash = copy;
	int ret;

	while ((slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		(void)mkdir(copy, 0755);
		*slash = '/';
	}
	ret = mkdir(copy, 0700);
	mem_free(copy);
	return ret == 0 || errno == EEXIST ? 0 : -1;
}

/* The instance: read, or drawn and written whole. The file is the lock as well. */
static int
open_instance(struct journal *j)
{
	char text[33] = "";
	ssize_t n;

	j->lock = openat(j->fd, "instance", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (j->lock < 0 || flock(j->lock, LOCK_EX | LOCK_NB) != 0)
		return -1;
	n = pread(j->lock, text, 32, 0);
	for (size_t i = 0; n == 32 && i < sizeof(j->id); i++)
		if (sscanf(text + 2 * i, "%2hhx", &j->id[i]) != 1)
			n = 0;
	if (n != 32) {
		arc4random_buf(j->id, sizeof(j->id));
		for (size_t i = 0; i < sizeof(j->id); i++)
			snprintf(text + 2 * i, 3, "%02x", j->id[i]);
		if (ftruncate(j->lock, 0) != 0 || pwrite(j->lock, text, 32, 0) != 32 ||
		    fdatasync(j->lock) != 0)
			return -1;
	}
	memcpy(j->instance, text, sizeof(j->instance));
	return 0;
}

static uint64_t
ack_sum(const struct ack *a)
{
	return XXH3_64bits(a, offsetof(struct ack, sum));
}

/* The next record, where it is whole. */
static bool
read_ack(const struct journal *j, unsigned i, struct ack *ret)
{
	off_t at = (off_t)i * (off_t)sizeof(*ret);

	return pread(j->acks, ret, sizeof(*ret), at) == (ssize_t)sizeof(*ret) &&
	    ret->magic == ACK_MAGIC && ret->sum == ack_sum(ret);
}

/* A record that is torn is cut off, with all behind it. */
static int
open_acks(struct journal *j)
{
	struct ack a;

	j->acks = openat(j->fd, "acked.log", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (j->acks < 0)
		return -1;
	for (; read_ack(j, j->ack_records, &a); j->ack_records++) {
		if (a.seq > j->acked.seq)
			j->acked.seq = a.seq;
		if (a.upto > j->acked.upto)
			j->acked.upto = a.upto;
	}
	return ftruncate(j->acks, (off_t)j->ack_records * (off_t)sizeof(a));
}

static bool
was_acked(const struct journal *j, uint64_t seq)
{
	struct ack a;

	for (unsigned i = 0; i < j->ack_records && read_ack(j, i, &a); i++)
		if (a.seq == seq)
			return true;
	return false;
}

static void
find_segment(struct journal *j, const char *name)
{
	enum segment_kind kind = strncmp(name, "batch-", 6) == 0 ? SEGMENT_BATCH : SEGMENT_SLICE;
	struct entry e = { 0 };
	struct segment_head head;
	char want[64];
	bool whole;

	if (sscanf(name + 6, "%16" SCNx64, &e.number) != 1)
		return;
	segment_name(kind, e.number, want);
	if (strcmp(name, want) != 0)
		return;
	whole = segment_read_head(j->fd, name, &head, &e.size) == 0 && head.kind == kind &&
	    head.number == e.number && head.plan == j->plan_hash &&
	    memcmp(head.instance, j->id, sizeof(j->id)) == 0;
	if (kind == SEGMENT_BATCH && e.number > j->seq)
		j->seq = e.number;
	if (kind == SEGMENT_SLICE && e.number > j->slice_number)
		j->slice_number = e.number;
	if (!whole) {
		set_aside(j, kind, e.number, "a segment has no header of this journal");
		return;
	}
	e.upto = head.upto;
	list_add(kind == SEGMENT_BATCH ? &j->batch : &j->slice, e);
}

/* Segments that were there; what is acknowledged or held by a batch is removed. */
static int
find_segments(struct journal *j)
{
	int fd = openat(j->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;

	if (d == NULL)
		return -1;
	while ((de = readdir(d)) != NULL) {
		size_t len = strlen(de->d_name);

		if (len > 4 && strcmp(de->d_name + len - 4, ".tmp") == 0)
			(void)unlinkat(j->fd, de->d_name, 0);
		else if (strncmp(de->d_name, "batch-", 6) == 0 ||
		    strncmp(de->d_name, "slice-", 6) == 0)
			find_segment(j, de->d_name);
	}
	closedir(d);
	if (j->acked.seq > j->seq)
		j->seq = j->acked.seq;
	if (j->acked.upto > j->slice_number)
		j->slice_number = j->acked.upto;
	for (size_t i = 0; i < j->batch.count; i++)
		if (j->batch.entry[i].upto > j->slice_number)
			j->slice_number = j->batch.entry[i].upto;
	return 0;
}

static void
settle_segments(struct journal *j)
{
	if (j->batch.count > 0)
		qsort(j->batch.entry, j->batch.count, sizeof(struct entry), by_number);
	if (j->slice.count > 0)
		qsort(j->slice.entry, j->slice.count, sizeof(struct entry), by_number);
	remove_slices(j, j->acked.upto);
	for (size_t i = 0; i < j->batch.count; i++)
		remove_slices(j, j->batch.entry[i].upto);
	force_dir(j);
	for (size_t i = 0; i < j->batch.count;) {
		if (!was_acked(j, j->batch.entry[i].number)) {
			i++;
			continue;
		}
		remove_segment(j, SEGMENT_BATCH, j->batch.entry[i].number);
		list_drop(&j->batch, i);
	}
	count_now(j);
}

/* Segments that wait under other aggregates of this output: said, so that nobody forgets them. */
static void
look_around(struct journal *j, const char *parent)
{
	DIR *d = opendir(parent);
	struct dirent *de;

	while (d != NULL && (de = readdir(d)) != NULL) {
		struct sbuf path = { 0 };
		DIR *sub;

		sbuf_printf(&path, "%s/%s", parent, de->d_name);
		sub = strlen(de->d_name) == 16 && strcmp(path.text, j->dir) != 0 ?
		    opendir(path.text) : NULL;
		while (sub != NULL && (de = readdir(sub)) != NULL)
			if (strncmp(de->d_name, "batch-", 6) == 0 ||
			    strncmp(de->d_name, "slice-", 6) == 0)
				count(&j->status.foreign);
		if (sub != NULL)
			closedir(sub);
		sbuf_done(&path);
	}
	if (d != NULL)
		closedir(d);
	if (counter_get(&j->status.foreign) > 0)
		log_write(LOG_LVL_WARN, j->subject, "journal: %" PRIu64 " segments in %s were made "
		    "under another aggregate; they are sent when it is back",
		    counter_get(&j->status.foreign), parent);
}

struct journal *
journal_open(const struct journal_conf *conf, const struct plan *plan, struct names *names,
    struct sbuf *err)
{
	struct journal *j = mem_new(sizeof(*j));
	struct sbuf dir = { 0 };
	const char *what = "";

	j->plan_hash = segment_plan(plan);
	sbuf_printf(&dir, "%s/%016" PRIx64, conf->dir, j->plan_hash);
	j->dir = mem_strdup(dir.text);
	sbuf_done(&dir);
	j->subject = mem_strdup(conf->subject);
	j->plan = plan;
	j->names = names;
	j->most_bytes = conf->most_bytes;
	j->sync = conf->sync;
	j->fd = j->lock = j->acks = -1;
	if (make_dirs(j->dir) == 0)
		j->fd = open(j->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->fd >= 0 && open_instance(j) != 0)
		what = errno == EWOULDBLOCK ? "in use by another process: " : "instance: ";
	else if (j->fd >= 0 && open_acks(j) == 0 && find_segments(j) == 0) {
		settle_segments(j);
		look_around(j, conf->dir);
		return j;
	}
	sbuf_printf(err, "journal %s: %s%s", j->dir, what, strerror(errno));
	journal_close(j);
	return NULL;
}

void
journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	if (j->acks >= 0)
		close(j->acks);
	if (j->lock >= 0)
		close(j->lock);
	if (j->fd >= 0)
		close(j->fd);
	mem_free(j->batch.entry);
	mem_free(j->slice.entry);
	mem_free(j->dir);
	mem_free(j->subject);
	mem_free(j);
}

const char *
journal_instance(const struct journal *j)
{
	return j->instance;
}

const char *
journal_dir(const struct journal *j)
{
	return j->dir;
}

const struct plan *
journal_plan(const struct journal *j)
{
	return j->plan;
}

struct journal_status *
journal_status(struct journal *j)
{
	return &j->status;
}

/* --- after a crash -------------------------------------------------------------------------------- */

size_t
journal_recover(struct journal *j, struct bintab *tab)
{
	size_t sum = 0;

	for (size_t i = 0; i < j->slice.count;) {
		struct entry e = j->slice.entry[i];
		struct sbuf err = { 0 };
		char name[64];
		size_t rows;

		segment_name(SEGMENT_SLICE, e.number, name);
		if (segment_load(j->fd, name, j->plan, j->names, tab, &rows, &err) == 0) {
			sum += rows;
			i++;
		} else {
			set_aside(j, SEGMENT_SLICE, e.number, sbuf_text(&err));
			list_drop(&j->slice, i);
		}
		sbuf_done(&err);
	}
	count_add(&j->status.recovered_rows, sum);
	count_now(j);
	return sum;
}

bool
journal_next(struct journal *j, struct bintab *tab, uint64_t *ret_seq)
{
	while (j->batch.count > 0) {
		struct entry e = j->batch.entry[0];
		struct sbuf err = { 0 };
		char name[64];
		size_t rows;
		int ret;

		segment_name(SEGMENT_BATCH, e.number, name);
		ret = segment_load(j->fd, name, j->plan, j->names, tab, &rows, &err);
		if (ret != 0) {
			set_aside(j, SEGMENT_BATCH, e.number, sbuf_text(&err));
			list_drop(&j->batch, 0);
			count_now(j);
		}
		sbuf_done(&err);
		if (ret == 0) {
			*ret_seq = e.number;
			return true;
		}
	}
	return false;
}

/* --- writing -------------------------------------------------------------------------------------- */

static int
put(struct journal *j, const struct segment_head *head, const struct bintab *tab,
    struct list *list, bool sync, struct sbuf *err)
{
	struct entry e = { .number = head->number, .upto = head->upto };
	uint64_t room = counter_get(&j->status.bytes) + bintab_bytes(tab);
	struct rowset rs;
	char name[64];

	bintab_all(tab, &rs);
	segment_name(head->kind, head->number, name);
	if (j->most_bytes > 0 && room > j->most_bytes) {
		sbuf_printf(err, "journal %s is full: %" PRIu64 " bytes of %" PRIu64, j->dir,
		    counter_get(&j->status.bytes), j->most_bytes);
		count(&j->status.refused);
		return -1;
	}
	if (segment_write(j->fd, name, head, &rs, j->names, sync, &e.size) != 0) {
		sbuf_printf(err, "journal %s/%s: %s", j->dir, name, strerror(errno));
		count(&j->status.refused);
		return -1;
	}
	count(&j->status.written);
	list_add(list, e);
	return 0;
}

int
journal_slice(struct journal *j, const struct bintab *tab, struct sbuf *err)
{
	struct segment_head head = { .number = j->slice_number + 1, .plan = j->plan_hash,
		.kind = SEGMENT_SLICE };
	bool sync = j->sync == JOURNAL_SYNC_SLICE;

	memcpy(head.instance, j->id, sizeof(j->id));
	if (put(j, &head, tab, &j->slice, sync, err) != 0)
		return -1;
	j->slice_number++;
	if (sync)
		force_dir(j);
	count_now(j);
	return 0;
}

int
journal_batch(struct journal *j, const struct bintab *tab, uint64_t *ret_seq, struct sbuf *err)
{
	struct segment_head head = { .number = ++j->seq, .upto = j->slice_number,
		.plan = j->plan_hash, .kind = SEGMENT_BATCH };
	int ret;

	*ret_seq = j->seq;
	memcpy(head.instance, j->id, sizeof(j->id));
	ret = put(j, &head, tab, &j->batch, j->sync != JOURNAL_SYNC_NONE, err);
	if (ret == 0)
		force_dir(j);
	/* Where it was not taken, too: its rows are about to be sent, and must not come again. */
	remove_slices(j, head.upto);
	count_now(j);
	return ret;
}

/* A new log with one record, when the old one has become long. */
static int
shorten_acks(struct journal *j)
{
	int fd = openat(j->fd, "acked.tmp", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	if (write(fd, &j->acked, sizeof(j->acked)) != (ssize_t)sizeof(j->acked) ||
	    fdatasync(fd) != 0 || renameat(j->fd, "acked.tmp", j->fd, "acked.log") != 0) {
		close(fd);
		return -1;
	}
	close(j->acks);
	j->acks = fd;
	j->ack_records = 1;
	return 0;
}

static int
write_ack(struct journal *j)
{
	off_t at = (off_t)j->ack_records * (off_t)sizeof(j->acked);

	if (j->ack_records >= ACKS_MOST)
		return shorten_acks(j);
	if (pwrite(j->acks, &j->acked, sizeof(j->acked), at) != (ssize_t)sizeof(j->acked) ||
	    (j->sync != JOURNAL_SYNC_NONE && fdatasync(j->acks) != 0))
		return -1;
	j->ack_records++;
	return 0;
}

void
journal_ack(struct journal *j, uint64_t seq)
{
	struct ack a = { .magic = ACK_MAGIC, .seq = seq, .upto = j->acked.upto };

	if (j->removed)
		force_dir(j);
	for (size_t i = 0; i < j->batch.count; i++)
		if (j->batch.entry[i].number == seq && j->batch.entry[i].upto > a.upto)
			a.upto = j->batch.entry[i].upto;
	a.sum = ack_sum(&a);
	j->acked = a;
	count(&j->status.acked);
	/* Without it the batch stays: it is sent again after a restart, and the ledger knows it. */
	if (write_ack(j) == 0)
		remove_segment(j, SEGMENT_BATCH, seq);
	for (size_t i = 0; i < j->batch.count; i++)
		if (j->batch.entry[i].number == seq) {
			list_drop(&j->batch, i);
			break;
		}
	count_now(j);
}
