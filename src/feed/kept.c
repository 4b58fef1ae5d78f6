/* SPDX-License-Identifier: BSD-2-Clause */
/* A text of notes per router: each a length, the note and its message. Routers are few. */
#include "feed/kept.h"

#include <assert.h>
#include <string.h>

#include "core/mem.h"

#define ROUTER_BYTES	((size_t)16 << 20)
#define MOST_BYTES	((size_t)64 << 20)
#define ROUTERS_MOST	10000

#define ROW(field, kind, text) \
	{ #field, offsetof(struct kept_counters, field), COUNTER_##kind, text }
const struct counter_row kept_counter_rows[] = {
	ROW(messages, IN, "messages and statistics to be dumped"),
	ROW(written, OUT, "of these, in a dump"),
	ROW(dropped, DROP, "of these, found no room until the next dump"),
	ROW(failed, DROP, "of these, in a dump that was not written"),
	ROW(held, HELD, "of these, waiting for a dump or being written"),
};
#undef ROW
const size_t kept_counter_count = ARRAY_LEN(kept_counter_rows);

struct kept {
	struct kept_conf conf;
	struct kept_router *router;
	size_t routers;
	size_t bytes;			/* of all of them */
	uint64_t waiting, writing;	/* notes here, and in dumps */
	struct kept_counters c;
};

struct kept *
kept_new(const struct kept_conf *conf)
{
	struct kept *k = mem_new(sizeof(*k));

	k->conf = *conf;
	if (k->conf.router_bytes == 0)
		k->conf.router_bytes = ROUTER_BYTES;
	if (k->conf.most_bytes == 0)
		k->conf.most_bytes = MOST_BYTES;
	return k;
}

void
kept_free(struct kept *k)
{
	if (k == NULL)
		return;
	for (size_t i = 0; i < k->routers; i++)
		sbuf_done(&k->router[i].notes);
	mem_free(k->router);
	mem_free(k);
}

static struct kept_router *
find(const struct kept *k, const struct addr *router)
{
	for (size_t i = 0; i < k->routers; i++)
		if (addr_eq(&k->router[i].addr, router))
			return &k->router[i];
	return NULL;
}

static void
set_held(struct kept *k)
{
	counter_set(&k->c.held, k->waiting + k->writing);
}

static struct kept_router *
add(struct kept *k, const struct addr *router)
{
	struct kept_router *r;

	if (k->routers == ROUTERS_MOST)
		return NULL;
	if ((k->routers & (k->routers - 1)) == 0)
		k->router = mem_grow(k->router, k->routers > 0 ? 2 * k->routers : 1,
		    sizeof(*k->router));
	r = &k->router[k->routers++];
	*r = (struct kept_router){ .addr = *router };
	return r;
}

static void
keep(struct kept *k, struct kept_router *r, const struct bmp_note *note, const uint8_t *message,
    size_t len)
{
	size_t size = sizeof(len) + sizeof(*note) + len;

	count(&k->c.messages);
	if (r == NULL || r->notes.len + size > k->conf.router_bytes ||
	    k->bytes + size > k->conf.most_bytes) {
		count(&k->c.dropped);
		return;
	}
	sbuf_add(&r->notes, &len, sizeof(len));
	sbuf_add(&r->notes, note, sizeof(*note));
	sbuf_add(&r->notes, message, len);
	r->count++;
	k->bytes += size;
	k->waiting++;
	set_held(k);
}

void
kept_tell(struct kept *k, const struct bmp_note *note, const uint8_t *message, size_t len)
{
	struct kept_router *r = find(k, &note->router);

	if (r == NULL)
		r = add(k, &note->router);
	if (r != NULL) {
		/* The end of a session whose place another one took comes behind its beginning. */
		if (note->kind == BMP_NOTE_DOWN && r->port == note->port)
			r->up = false;
		if (note->kind != BMP_NOTE_DOWN) {
			r->up = true;
			r->port = note->port;
		}
	}
	if (note->kind == BMP_NOTE_MESSAGE)
		keep(k, r, note, message, len);
}

size_t
kept_routers(const struct kept *k)
{
	return k->routers;
}

const struct kept_router *
kept_router(const struct kept *k, size_t i)
{
	return &k->router[i];
}

bool
kept_take(struct kept *k, const struct addr *router, struct kept_router *ret)
{
	struct kept_router *r = find(k, router);

	if (r == NULL)
		return false;
	*ret = *r;
	k->bytes -= r->notes.len;
	k->waiting -= r->count;
	k->writing += r->count;
	r->notes = (struct sbuf){ 0 };
	r->count = 0;
	return true;
}

void
kept_forget(struct kept *k, const struct addr *router)
{
	struct kept_router *r = find(k, router);

	assert(r != NULL && !r->up && r->count == 0);
	sbuf_done(&r->notes);
	*r = k->router[--k->routers];
}

void
kept_over(struct kept *k, uint64_t taken, uint64_t written)
{
	assert(taken <= k->writing && written <= taken);
	k->writing -= taken;
	count_add(&k->c.written, written);
	count_add(&k->c.failed, taken - written);
	set_held(k);
}

const struct kept_counters *
kept_counters(const struct kept *k)
{
	return &k->c;
}

bool
kept_next(const struct sbuf *notes, size_t *at, struct bmp_note *ret, const uint8_t **ret_message,
    size_t *ret_len)
{
	if (*at >= notes->len)
		return false;
	memcpy(ret_len, notes->text + *at, sizeof(*ret_len));
	memcpy(ret, notes->text + *at + sizeof(*ret_len), sizeof(*ret));
	*at += sizeof(*ret_len) + sizeof(*ret);
	*ret_message = (const uint8_t *)notes->text + *at;
	*at += *ret_len;
	return true;
}
