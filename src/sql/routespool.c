/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers in files are as the machine has them: a folder stays where it was made. */
#include "sql/routespool.h"

#include <bsd/stdlib.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "core/log.h"
#include "core/mem.h"

#define MAGIC		"WBROUTE1"
#define MEMORY_MOST	(UINT64_C(64) << 20)	/* bytes of batches that no file took */
#define NAME_ROOM	64
#define BATCH_MOST	(UINT64_C(1) << 30)	/* bytes of a batch that is believed */

struct file_head {
	char magic[8], instance[32];
	uint64_t seq, rows, bytes, digest, run;
	int64_t bin_ns;
	uint64_t sum;			/* of the head before it */
};

struct routespool {
	struct routespool_conf conf;
	char *subject;
	int dir, lock_fd;
	char instance[33];
	uint64_t seq;			/* of the last batch */
	bool said;			/* that no file takes batches */
	pthread_mutex_t lock;		/* over what follows */
	TAILQ_HEAD(, routebatch) queue;
	struct routespool_held held;
	uint64_t in_memory;
};

/* --- a batch -------------------------------------------------------------------------------------- */

struct routebatch *
routebatch_new(uint64_t run, wall_t bin)
{
	struct routebatch *b = mem_new(sizeof(*b));

	b->run = run;
	b->bin = bin;
	return b;
}

void
routebatch_free(struct routebatch *b)
{
	if (b == NULL)
		return;
	sbuf_done(&b->bytes);
	mem_free(b->file);
	mem_free(b);
}

uint32_t
routebatch_teller(struct routebatch *b, const struct route_teller *t)
{
	const struct route_record r = { .size = sizeof(r) + sizeof(*t), .event = ROUTE_TELLER };
	size_t at = b->bytes.len;

	sbuf_add(&b->bytes, &r, sizeof(r));
	sbuf_add(&b->bytes, t, sizeof(*t));
	return (uint32_t)(at / 8);
}

void
routebatch_add(struct routebatch *b, struct route_record *r, const struct route_attrs *attrs)
{
	r->size = (uint32_t)(sizeof(*r) + (attrs != NULL ? attrs->size : 0));
	sbuf_add(&b->bytes, r, sizeof(*r));
	if (attrs != NULL)
		sbuf_add(&b->bytes, attrs, attrs->size);
	b->rows++;
}

/* --- files ---------------------------------------------------------------------------------------- */

static int
write_all(int fd, const void *bytes, size_t len)
{
	for (const char *p = bytes; len > 0;) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static void
make_head(const struct routebatch *b, struct file_head *h)
{
	memset(h, 0, sizeof(*h));
	memcpy(h->magic, MAGIC, sizeof(h->magic));
	memcpy(h->instance, b->instance, sizeof(h->instance));
	h->seq = b->seq;
	h->rows = b->rows;
	h->bytes = b->bytes.len;
	h->digest = b->digest;
	h->run = b->run;
	h->bin_ns = b->bin.ns;
	h->sum = XXH3_64bits(h, offsetof(struct file_head, sum));
}

/* Whole under its name, or not there. -1 with errno. */
static int
write_file(struct routespool *s, const struct routebatch *b, const char *name)
{
	struct file_head head;
	char temp[NAME_ROOM + 1];
	int fd, ret;

	snprintf(temp, sizeof(temp), ".%s", name);
	fd = openat(s->dir, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	make_head(b, &head);
	ret = write_all(fd, &head, sizeof(head));
	if (ret == 0)
		ret = write_all(fd, b->bytes.text, b->bytes.len);
	if (ret == 0 && s->conf.sync)
		ret = fsync(fd);
	if (close(fd) != 0)
		ret = -1;
	if (ret == 0)
		ret = renameat(s->dir, temp, s->dir, name);
	if (ret == 0 && s->conf.sync)
		ret = fsync(s->dir);
	if (ret != 0) {
		int why = errno;

		(void)unlinkat(s->dir, temp, 0);
		(void)unlinkat(s->dir, name, 0);
		errno = why;
	}
	return ret;
}

/* The head of an open file. -1: none of ours. */
static int
read_head(int fd, struct file_head *h)
{
	struct stat st;

	if (read(fd, h, sizeof(*h)) != sizeof(*h) || memcmp(h->magic, MAGIC, sizeof(h->magic)) != 0 ||
	    h->sum != XXH3_64bits(h, offsetof(struct file_head, sum)) || h->bytes > BATCH_MOST ||
	    fstat(fd, &st) != 0 || (uint64_t)st.st_size != sizeof(*h) + h->bytes)
		return -1;
	return 0;
}

/* The records of a batch come from its file. -1: damaged. */
static int
load(struct routespool *s, struct routebatch *b)
{
	int fd = openat(s->dir, b->file, O_RDONLY | O_CLOEXEC);
	struct file_head head;
	char part[65536];
	int ret = -1;
	ssize_t n;

	if (fd >= 0 && read_head(fd, &head) == 0) {
		while ((n = read(fd, part, sizeof(part))) > 0)
			sbuf_add(&b->bytes, part, (size_t)n);
		ret = b->bytes.len == head.bytes &&
		    XXH3_64bits(b->bytes.text, b->bytes.len) == b->digest ? 0 : -1;
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

/* What cannot be believed stays in the folder under another name. */
static void
set_aside(struct routespool *s, const char *name)
{
	char other[300];

	snprintf(other, sizeof(other), "%s.bad", name);
	(void)renameat(s->dir, name, s->dir, other);
	log_write(LOG_LVL_ERROR, s->subject, "'%s/%s' is damaged; set aside as '%s'", s->conf.dir,
	    name, other);
	s->held.bad++;
}

/* --- the queue ------------------------------------------------------------------------------------ */

static void
enqueue(struct routespool *s, struct routebatch *b)
{
	TAILQ_INSERT_TAIL(&s->queue, b, entry);
	s->held.rows += b->rows;
	s->held.batches++;
	if (b->file != NULL)
		s->held.bytes += b->size;
	else
		s->in_memory += b->size;
}

static void
dequeue(struct routespool *s, struct routebatch *b)
{
	TAILQ_REMOVE(&s->queue, b, entry);
	s->held.rows -= b->rows;
	s->held.batches--;
	if (b->file != NULL)
		s->held.bytes -= b->size;
	else
		s->in_memory -= b->size;
}

static void
say_no_file(struct routespool *s, const char *why)
{
	if (!s->said)
		log_write(LOG_LVL_WARN, s->subject, "'%s' takes no changes of routes: %s; they are "
		    "kept in memory", s->conf.dir, why);
	s->said = true;
}

/* Names are in the order of their times and numbers. */
static bool
keep_on_disk(struct routespool *s, struct routebatch *b)
{
	struct routespool_held held;
	char name[NAME_ROOM];
	bool room;

	routespool_held(s, &held);
	room = held.bytes + b->bytes.len <= s->conf.most_bytes;
	snprintf(name, sizeof(name), "%020lld-%010llu.seg", (long long)wall_now().ns,
	    (unsigned long long)b->seq);
	if (!room)
		say_no_file(s, "the bound is reached");
	else if (write_file(s, b, name) != 0)
		say_no_file(s, strerror(errno));
	else {
		b->file = mem_strdup(name);
		sbuf_done(&b->bytes);
		s->said = false;
	}
	return b->file != NULL;
}

bool
routespool_put(struct routespool *s, struct routebatch *b)
{
	bool taken;

	b->seq = ++s->seq;
	memcpy(b->instance, s->instance, sizeof(b->instance));
	b->size = b->bytes.len;
	b->digest = XXH3_64bits(b->bytes.text, b->bytes.len);
	taken = keep_on_disk(s, b);
	pthread_mutex_lock(&s->lock);
	taken |= s->in_memory + b->size <= MEMORY_MOST;
	if (taken)
		enqueue(s, b);
	pthread_mutex_unlock(&s->lock);
	if (!taken)
		routebatch_free(b);
	return taken;
}

struct routebatch *
routespool_first(struct routespool *s)
{
	struct routebatch *b;

	for (;;) {
		pthread_mutex_lock(&s->lock);
		b = TAILQ_FIRST(&s->queue);
		pthread_mutex_unlock(&s->lock);
		if (b == NULL || b->bytes.len > 0 || load(s, b) == 0)
			return b;
		pthread_mutex_lock(&s->lock);
		set_aside(s, b->file);
		s->held.bad_rows += b->rows;
		dequeue(s, b);
		pthread_mutex_unlock(&s->lock);
		routebatch_free(b);
	}
}

void
routespool_done(struct routespool *s, struct routebatch *b)
{
	if (b->file != NULL)
		(void)unlinkat(s->dir, b->file, 0);
	pthread_mutex_lock(&s->lock);
	dequeue(s, b);
	pthread_mutex_unlock(&s->lock);
	routebatch_free(b);
}

void
routespool_held(struct routespool *s, struct routespool_held *ret)
{
	pthread_mutex_lock(&s->lock);
	*ret = s->held;
	pthread_mutex_unlock(&s->lock);
}

/* --- start and end -------------------------------------------------------------------------------- */

static int
is_segment(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 4 && strcmp(e->d_name + len - 4, ".seg") == 0;
}

static void
recover_one(struct routespool *s, const char *name)
{
	int fd = openat(s->dir, name, O_RDONLY | O_CLOEXEC);
	struct routebatch *b;
	struct file_head head;

	if (fd < 0 || read_head(fd, &head) != 0) {
		set_aside(s, name);
	} else {
		b = routebatch_new(head.run, (wall_t){ head.bin_ns });
		b->seq = head.seq;
		b->rows = head.rows;
		b->digest = head.digest;
		b->size = head.bytes;
		memcpy(b->instance, head.instance, sizeof(head.instance));
		b->file = mem_strdup(name);
		enqueue(s, b);
		s->held.recovered += b->rows;
	}
	if (fd >= 0)
		close(fd);
}

static void
recover(struct routespool *s)
{
	struct dirent **list;
	int n = scandir(s->conf.dir, &list, is_segment, alphasort);

	for (int i = 0; i < n; i++) {
		recover_one(s, list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	if (s->held.batches > 0)
		log_write(LOG_LVL_INFO, s->subject, "%llu changes of routes of an earlier run are to "
		    "be written", (unsigned long long)s->held.rows);
}

/* The folder and those above it. */
static void
make_folders(const char *path)
{
	char *copy = mem_strdup(path);

	for (char *p = copy + 1; *p != '\0'; p++)
		if (*p == '/') {
			*p = '\0';
			(void)mkdir(copy, 0755);
			*p = '/';
		}
	(void)mkdir(copy, 0700);
	mem_free(copy);
}

static int
open_folder(struct routespool *s, struct sbuf *err)
{
	make_folders(s->conf.dir);
	s->dir = open(s->conf.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir >= 0)
		s->lock_fd = openat(s->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0) {
		sbuf_printf(err, "%s: %s", s->conf.dir, strerror(errno));
		return -1;
	}
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		sbuf_printf(err, "%s is in use by another daemon", s->conf.dir);
		return -1;
	}
	return 0;
}

struct routespool *
routespool_open(const struct routespool_conf *conf, struct sbuf *err)
{
	struct routespool *s = mem_new(sizeof(*s));
	unsigned char id[16];

	s->conf = *conf;
	s->conf.dir = mem_strdup(conf->dir);
	s->subject = mem_strdup(conf->subject);
	s->dir = s->lock_fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	TAILQ_INIT(&s->queue);
	arc4random_buf(id, sizeof(id));
	for (size_t i = 0; i < sizeof(id); i++)
		snprintf(s->instance + 2 * i, 3, "%02x", id[i]);
	if (open_folder(s, err) != 0) {
		routespool_close(s);
		return NULL;
	}
	recover(s);
	return s;
}

void
routespool_close(struct routespool *s)
{
	struct routebatch *b;

	if (s == NULL)
		return;
	while ((b = TAILQ_FIRST(&s->queue)) != NULL) {
		TAILQ_REMOVE(&s->queue, b, entry);
		routebatch_free(b);
	}
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	if (s->dir >= 0)
		close(s->dir);
	pthread_mutex_destroy(&s->lock);
	mem_free((char *)(uintptr_t)s->conf.dir);
	mem_free(s->subject);
	mem_free(s);
}
