/* SPDX-License-Identifier: BSD-2-Clause */
/* Files stay open between texts, the longest unused one makes room. */
#include "feed/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/chan.h"
#include "core/log.h"
#include "core/mem.h"
#include "feed/feedname.h"

#define ITEMS_MOST	8192
#define FILES_MOST	256

enum item_kind { ITEM_TEXT, ITEM_CLOSE, ITEM_REOPEN, ITEM_END };

struct item {
	enum item_kind kind;
	char *path;
	struct sbuf text;
};

struct spool_file {
	char *path;
	int fd;
};

struct spool {
	struct chan *items;
	size_t most;
	_Atomic size_t held;
	_Atomic uint64_t failed;
	mode_t umask;
	pthread_t thread;
	/* The thread's own: */
	struct spool_file file[FILES_MOST];	/* the one used last stands last */
	size_t files;
	struct log_limit limit;
};

static void
close_nth(struct spool *s, size_t i)
{
	close(s->file[i].fd);
	mem_free(s->file[i].path);
	memmove(&s->file[i], &s->file[i + 1], (--s->files - i) * sizeof(s->file[0]));
}

static void
close_all(struct spool *s)
{
	while (s->files > 0)
		close_nth(s, s->files - 1);
}

/* The open file, now the one used last; NULL: not open. */
static struct spool_file *
find_file(struct spool *s, const char *path)
{
	for (size_t i = s->files; i-- > 0;) {
		struct spool_file f = s->file[i];

		if (strcmp(f.path, path) != 0)
			continue;
		memmove(&s->file[i], &s->file[i + 1], (s->files - 1 - i) * sizeof(f));
		s->file[s->files - 1] = f;
		return &s->file[s->files - 1];
	}
	return NULL;
}

static struct spool_file *
open_file(struct spool *s, const char *path)
{
	int fd = -1;

	if (feedname_folders(path) == 0)
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666 & ~s->umask);
	if (fd < 0)
		return NULL;
	if (s->files == FILES_MOST)
		close_nth(s, 0);
	s->file[s->files] = (struct spool_file){ mem_strdup(path), fd };
	return &s->file[s->files++];
}

static int
append(int fd, const char *text, size_t *left)
{
	while (*left > 0) {
		ssize_t n = write(fd, text, *left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		text += n;
		*left -= (size_t)n;
	}
	return 0;
}

static void
write_item(struct spool *s, const struct item *it)
{
	struct spool_file *f = find_file(s, it->path);
	size_t left = it->text.len;

	if (f == NULL)
		f = open_file(s, it->path);
	if (f != NULL && append(f->fd, it->text.text, &left) == 0)
		return;
	atomic_fetch_add(&s->failed, left);
	if (log_allowed(&s->limit, mono_now()))
		log_error("feed: %s: %s; %zu bytes lost", it->path, strerror(errno), left);
}

static void
close_item(struct spool *s, const struct item *it)
{
	struct spool_file *f = find_file(s, it->path);

	if (f != NULL)
		close_nth(s, (size_t)(f - s->file));
}

static bool
take_item(struct spool *s, struct item *it)
{
	bool more = true;

	switch (it->kind) {
	case ITEM_TEXT:
		write_item(s, it);
		atomic_fetch_sub(&s->held, it->text.len);
		break;
	case ITEM_CLOSE:
		close_item(s, it);
		break;
	case ITEM_REOPEN:
		close_all(s);
		break;
	case ITEM_END:
		more = false;
		break;
	}
	sbuf_done(&it->text);
	mem_free(it->path);
	mem_free(it);
	return more;
}

static void *
spool_on(void *arg)
{
	struct spool *s = arg;

	for (;;) {
		struct item *it = chan_take(s->items);

		if (it == NULL)
			chan_wait(s->items, -1);
		else if (!take_item(s, it))
			break;
	}
	close_all(s);
	return NULL;
}

struct spool *
spool_start(size_t most_bytes, mode_t umask)
{
	struct spool *s = mem_new(sizeof(*s));

	s->items = chan_new(ITEMS_MOST);
	s->most = most_bytes;
	s->umask = umask;
	if (pthread_create(&s->thread, NULL, spool_on, s) != 0)
		abort();		/* at start: as fatal as out of memory */
	return s;
}

static bool
send_item(struct spool *s, enum item_kind kind, const char *path, struct sbuf *text)
{
	struct item *it = mem_new(sizeof(*it));

	it->kind = kind;
	it->path = path != NULL ? mem_strdup(path) : NULL;
	if (text != NULL)
		it->text = *text;
	if (chan_send(s->items, it)) {
		if (text != NULL)
			*text = (struct sbuf){ 0 };
		return true;
	}
	mem_free(it->path);
	mem_free(it);
	return false;
}

void
spool_stop(struct spool *s)
{
	if (s == NULL)
		return;
	while (!send_item(s, ITEM_END, NULL, NULL))
		usleep(1000);
	pthread_join(s->thread, NULL);
	chan_free(s->items);
	mem_free(s);
}

bool
spool_put(struct spool *s, const char *path, struct sbuf *text)
{
	size_t len = text->len;

	if (len == 0)
		return true;
	if (atomic_fetch_add(&s->held, len) + len <= s->most &&
	    send_item(s, ITEM_TEXT, path, text))
		return true;
	atomic_fetch_sub(&s->held, len);
	return false;
}

/* Both are wishes: where the queue is full a file stays open a while longer. */
void
spool_close(struct spool *s, const char *path)
{
	(void)send_item(s, ITEM_CLOSE, path, NULL);
}

void
spool_reopen(struct spool *s)
{
	(void)send_item(s, ITEM_REOPEN, NULL, NULL);
}

size_t
spool_held(const struct spool *s)
{
	return atomic_load(&((struct spool *)(uintptr_t)s)->held);
}

uint64_t
spool_failed(const struct spool *s)
{
	return atomic_load(&((struct spool *)(uintptr_t)s)->failed);
}
