/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql/crew.h"

#include <pthread.h>
#include <string.h>

#include "core/mem.h"

struct crew {
	const struct sql_backend *backend;
	void *db[CREW_MOST];
	unsigned connections;
};

enum piece_state { PIECE_TODO, PIECE_TAKEN, PIECE_DONE };

/* One run, shared by the threads. */
struct work {
	const struct sql_backend *backend;
	pthread_mutex_t lock;		/* guards what follows */
	enum piece_state *state;
	size_t n;
	struct sbuf err;		/* the first one */
	crew_piece *piece;
	void *ctx;
};

struct hand {
	struct work *work;
	void *db;
	pthread_t thread;
};

struct crew *
crew_new(const struct sql_backend *backend, const struct sql_place *place, unsigned connections,
    struct sbuf *err)
{
	struct crew *crew = mem_new(sizeof(*crew));

	crew->backend = backend;
	for (; crew->connections < connections && crew->connections < CREW_MOST;
	    crew->connections++) {
		crew->db[crew->connections] = backend->open(place, err);
		if (crew->db[crew->connections] == NULL) {
			crew_free(crew);
			return NULL;
		}
	}
	return crew;
}

void
crew_free(struct crew *crew)
{
	if (crew == NULL)
		return;
	for (unsigned i = 0; i < crew->connections; i++)
		crew->backend->close(crew->db[i]);
	mem_free(crew);
}

/* A piece that nobody has; SIZE_MAX: there is none. */
static size_t
take(struct work *work)
{
	size_t i = 0;

	pthread_mutex_lock(&work->lock);
	while (i < work->n && work->state[i] != PIECE_TODO)
		i++;
	if (i < work->n)
		work->state[i] = PIECE_TAKEN;
	pthread_mutex_unlock(&work->lock);
	return i < work->n ? i : SIZE_MAX;
}

static void
settle(struct work *work, size_t i, int ret, const struct sbuf *err)
{
	pthread_mutex_lock(&work->lock);
	work->state[i] = ret == 0 ? PIECE_DONE : PIECE_TODO;
	if (ret != 0 && work->err.len == 0)
		sbuf_add(&work->err, err->text, err->len);
	pthread_mutex_unlock(&work->lock);
}

static void
do_pieces(struct work *work, void *db)
{
	struct sbuf err = { 0 };
	int ret = 0;

	for (size_t i; ret == 0 && (i = take(work)) != SIZE_MAX;) {
		ret = work->piece(work->ctx, db, i, &err);
		if (ret != 0)
			work->backend->rollback(db);
		settle(work, i, ret, &err);
	}
	sbuf_done(&err);
}

static void *
lend_a_hand(void *arg)
{
	struct hand *hand = arg;

	do_pieces(hand->work, hand->db);
	if (hand->work->backend->leave != NULL)
		hand->work->backend->leave(hand->db);
	return NULL;
}

int
crew_run(struct crew *crew, void *own, size_t n, crew_piece *piece, void *ctx, struct sbuf *err)
{
	struct work work = { .backend = crew->backend, .n = n, .piece = piece, .ctx = ctx,
		.state = mem_array(n + 1, sizeof(*work.state)) };
	struct hand hand[CREW_MOST];
	unsigned hands = 0;
	int ret = 0;

	pthread_mutex_init(&work.lock, NULL);
	/* Where a thread cannot be had the others do its share. */
	for (unsigned i = 0; i < crew->connections && i + 1 < n; i++) {
		hand[hands] = (struct hand){ .work = &work, .db = crew->db[i] };
		hands += pthread_create(&hand[hands].thread, NULL, lend_a_hand, &hand[hands]) == 0;
	}
	do_pieces(&work, own);
	for (unsigned i = 0; i < hands; i++)
		pthread_join(hand[i].thread, NULL);
	for (size_t i = 0; i < n; i++)
		if (work.state[i] != PIECE_DONE)
			ret = -1;
	if (ret != 0)
		sbuf_str(err, sbuf_text(&work.err));
	pthread_mutex_destroy(&work.lock);
	sbuf_done(&work.err);
	mem_free(work.state);
	return ret;
}
