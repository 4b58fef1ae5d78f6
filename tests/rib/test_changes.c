/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of changes: in order, with what found no room counted; tellers are told to the end
 * however late; and what a batch names is good until it is given back, while control frees
 * attributes under it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "rib/attr.h"
#include "rib/changes.h"

#define ALL_KINDS	UINT32_MAX

struct fix {
	struct epoch *ep;
	struct rib *rib;
	struct changes *c;
};

static void
up(struct fix *f)
{
	f->ep = epoch_new();
	f->rib = rib_new(f->ep, NULL);
	f->c = changes_new(f->rib, f->ep);
}

static void
down(struct fix *f)
{
	changes_free(f->c);
	rib_free(f->rib);
	epoch_free(f->ep);
}

static struct teller *
teller(struct fix *f, const char *name, uint16_t port)
{
	const struct teller_info info = { .as = 65001, .port = port, .name = name };

	return teller_new(f->rib, &info);
}

static struct nlri
nlri(uint32_t n)
{
	struct nlri ret = { .safi = RIB_UNICAST };
	char text[32];

	snprintf(text, sizeof(text), "10.%u.%u.0/24", n / 256 % 256, n % 256);
	assert_int_equal(prefix_parse(text, &ret.prefix), 0);
	return ret;
}

static uint32_t
path(struct teller *t, uint32_t med)
{
	const struct attrs a = { .has_med = true, .med = med };
	uint32_t id = attrs_put(t, &a);

	assert_int_not_equal(id, 0);
	return id;
}

static void
announce(struct teller *t, uint32_t n, uint32_t med)
{
	const struct nlri r = nlri(n);

	rib_announce(t, &r, path(t, med));
}

static void
work(struct fix *f)
{
	while (rib_work(f->rib, mono_add(mono_now(), NS_PER_SEC)))
		;
}

static void
balanced(struct changes_reader *r, struct changes_figures *ret)
{
	changes_figures(r, ret);
	assert_int_equal(ret->told, ret->given + ret->lost + ret->held);
}

/* --- order --------------------------------------------------------------------------------------- */

static void
all_in_order(void **state)
{
	static const struct want {
		uint8_t kind, what, event;
	} want[] = {
		{ CHANGE_TELLER, 0, TELLER_UP }, { CHANGE_ROUTE, RIB_NEW, 0 },
		{ CHANGE_ROUTE, RIB_SAME, 0 }, { CHANGE_ROUTE, RIB_REPLACED, 0 },
		{ CHANGE_OTHER, 0, 0 }, { CHANGE_ROUTE, RIB_REMOVED, 0 },
		{ CHANGE_ROUTE, RIB_NEW, 0 }, { CHANGE_ROUTE, RIB_SWEPT, 0 },
		{ CHANGE_TELLER, 0, TELLER_DOWN }, { CHANGE_TELLER, 0, TELLER_END },
	};
	const struct changes_conf conf = { .kinds = ALL_KINDS };
	const struct change_batch *b;
	struct changes_reader *r, *two;
	struct changes_figures fig;
	struct nlri n = nlri(1);
	struct teller *t;
	struct fix f;

	(void)state;
	up(&f);
	t = teller(&f, "x", 4711);
	r = changes_join(f.c, &conf);
	two = changes_join(f.c, &conf);
	announce(t, 1, 1);
	announce(t, 1, 1);
	announce(t, 1, 2);
	changes_tell(f.c, TELLER_BGP, "word", 5);
	rib_withdraw(t, &n);
	announce(t, 2, 3);
	teller_gone(t);
	work(&f);
	assert_null(changes_take(r));
	changes_flush(f.c);
	b = changes_take(r);
	assert_non_null(b);
	assert_int_equal(b->count, ARRAY_LEN(want));
	assert_int_equal(b->lost, 0);
	for (size_t i = 0; i < b->count; i++) {
		const struct change *ch = &b->change[i];

		assert_int_equal(ch->kind, want[i].kind);
		assert_int_equal(ch->what, want[i].what);
		assert_int_equal(ch->event, want[i].event);
		if (ch->kind == CHANGE_OTHER) {
			assert_string_equal(ch->bytes, "word");
			continue;
		}
		assert_ptr_equal(ch->teller, b->change[0].teller);
		assert_string_equal(ch->teller->info.name, "x");
		if (i > 1 && ch->event != TELLER_END)
			assert_true(ch->seq > b->change[i - 1].seq);
	}
	assert_int_equal(b->change[0].port, 4711);
	assert_int_equal(rib_path(f.rib, b->change[3].old)->med, 1);
	assert_int_equal(rib_path(f.rib, b->change[3].path)->med, 2);
	assert_int_equal(rib_path(f.rib, b->change[7].old)->med, 3);
	balanced(r, &fig);
	assert_int_equal(fig.held, 9);
	changes_done(r, b);
	balanced(r, &fig);
	assert_int_equal(fig.given, 9);
	assert_int_equal(fig.held_bytes, 0);
	changes_leave(f.c, r);
	changes_leave(f.c, two);	/* with all of it untaken */
	down(&f);
}

/* A reader that ends is told so of all tellers; another that joins has them anew. */
static void
the_last_batch(void **state)
{
	const struct changes_conf conf = { .kinds = 1u << TELLER_BGP };
	const struct change_batch *b;
	struct changes_reader *r;
	struct fix f;

	(void)state;
	up(&f);
	(void)teller(&f, "x", 1);
	for (int i = 0; i < 2; i++) {
		r = changes_join(f.c, &conf);
		changes_close(f.c, r);
		b = changes_take(r);
		assert_int_equal(b->count, 2);
		assert_int_equal(b->change[0].event, TELLER_UP);
		assert_int_equal(b->change[1].event, TELLER_DOWN);
		changes_done(r, b);
		assert_null(changes_take(r));
		changes_leave(f.c, r);
	}
	down(&f);
}

/* --- too far behind ------------------------------------------------------------------------------ */

#define MANY	20000

static void
lost_is_counted(void **state)
{
	const struct changes_conf conf = { .kinds = ALL_KINDS, .most_bytes = 300 << 10 };
	unsigned ups = 0, downs = 0, ends = 0, routes = 0;
	const struct change_batch *b;
	struct changes_reader *r;
	struct changes_figures fig;
	struct teller *t, *brief;
	uint64_t lost = 0;
	struct fix f;

	(void)state;
	up(&f);
	r = changes_join(f.c, &conf);
	t = teller(&f, "x", 1);
	for (uint32_t i = 0; i < MANY; i++)
		announce(t, i, 0);
	brief = teller(&f, "comes and goes unseen", 2);
	teller_gone(brief);
	teller_gone(t);
	work(&f);
	balanced(r, &fig);
	assert_true(fig.lost > MANY / 2);
	assert_true(fig.held_bytes <= conf.most_bytes);
	for (int i = 0; i < 3; i++) {
		while ((b = changes_take(r)) != NULL) {
			lost += b->lost;
			for (size_t k = 0; k < b->count; k++) {
				const struct change *ch = &b->change[k];

				assert_string_equal(ch->teller->info.name, "x");
				ups += ch->kind == CHANGE_TELLER && ch->event == TELLER_UP;
				downs += ch->kind == CHANGE_TELLER && ch->event == TELLER_DOWN;
				ends += ch->kind == CHANGE_TELLER && ch->event == TELLER_END;
				routes += ch->kind == CHANGE_ROUTE;
			}
			changes_done(r, b);
		}
		changes_flush(f.c);
	}
	balanced(r, &fig);
	assert_int_equal(fig.lost, lost);
	assert_int_equal(routes + lost, 2 * MANY);
	assert_int_equal(fig.held, 0);
	assert_int_equal(ups, 1);
	assert_int_equal(downs, 1);
	assert_int_equal(ends, 1);
	changes_leave(f.c, r);
	down(&f);
}

/* A reader that stands still keeps no attributes for longer than agreed. */
static void
waiting_too_long(void **state)
{
	const struct changes_conf conf = { .kinds = ALL_KINDS, .most_s = 1 };
	const struct change_batch *b;
	struct changes_reader *r;
	struct changes_figures fig;
	struct teller *t;
	struct fix f;

	(void)state;
	up(&f);
	r = changes_join(f.c, &conf);
	t = teller(&f, "x", 1);
	announce(t, 1, 1);
	changes_flush(f.c);
	assert_false(epoch_passed(f.ep, epoch_retire(f.ep)));
	usleep(1100000);
	changes_flush(f.c);
	assert_true(epoch_passed(f.ep, epoch_retire(f.ep)));
	b = changes_take(r);
	assert_int_equal(b->count, 1);
	assert_int_equal(b->change[0].event, TELLER_UP);
	assert_int_equal(b->lost, 1);
	changes_done(r, b);
	balanced(r, &fig);
	assert_int_equal(fig.lost, 1);
	assert_int_equal(fig.given, 1);
	changes_leave(f.c, r);
	down(&f);
}

/* --- churn --------------------------------------------------------------------------------------- */

struct consumer {
	const struct rib *rib;
	struct changes_reader *r;
	_Atomic bool end;
	uint64_t routes, lost, wrong;
};

/* A path's MED says which prefix it is of: what was freed and used again says something else. */
static bool
is_of(const struct rib *rib, uint32_t id, const struct nlri *n)
{
	return id == 0 || rib_path(rib, id)->med % 64 == n->prefix.addr.b[14] % 64u;
}

static void *
consume(void *arg)
{
	struct consumer *c = arg;
	const struct change_batch *b;
	bool end;

	do {
		end = atomic_load(&c->end);
		while ((b = changes_take(c->r)) != NULL) {
			c->lost += b->lost;
			for (size_t i = 0; i < b->count; i++) {
				const struct change *ch = &b->change[i];

				if (ch->kind != CHANGE_ROUTE)
					continue;
				c->routes++;
				c->wrong += !is_of(c->rib, ch->old, &ch->nlri) ||
				    !is_of(c->rib, ch->path, &ch->nlri) ||
				    strncmp(ch->teller->info.name, "peer", 4) != 0;
			}
			changes_done(c->r, b);
		}
		if (!end)
			changes_wait(c->r, 100);
	} while (!end);
	return NULL;
}

static void
good_under_churn(void **state)
{
	const struct changes_conf conf = { .kinds = ALL_KINDS };
	struct consumer c = { 0 };
	struct changes_figures fig;
	struct rib_stats stats;
	pthread_t thread;
	struct fix f;

	(void)state;
	up(&f);
	c.rib = f.rib;
	c.r = changes_join(f.c, &conf);
	assert_int_equal(pthread_create(&thread, NULL, consume, &c), 0);
	for (uint32_t round = 0; round < 30; round++) {
		struct teller *t = teller(&f, "peer", 1);

		for (uint32_t i = 0; i < 8000; i++) {
			uint32_t n = i % 2000;

			announce(t, n, (round * 8000 + i) * 64 + n % 64);
			if (i % 1000 == 999) {
				changes_flush(f.c);
				(void)rib_work(f.rib, mono_add(mono_now(), NS_PER_MS));
			}
		}
		teller_gone(t);
		changes_flush(f.c);
		work(&f);
	}
	changes_close(f.c, c.r);
	atomic_store(&c.end, true);
	changes_wake(c.r);
	pthread_join(thread, NULL);
	rib_stats(f.rib, &stats);
	balanced(c.r, &fig);
	assert_int_equal(c.wrong, 0);
	assert_int_equal(c.lost, fig.lost);
	assert_int_equal(c.routes + c.lost, 30 * (8000 + 2000));
	assert_true(stats.paths_freed > 30000);
	changes_leave(f.c, c.r);
	down(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_in_order),
		cmocka_unit_test(the_last_batch),
		cmocka_unit_test(lost_is_counted),
		cmocka_unit_test(waiting_too_long),
		cmocka_unit_test(good_under_churn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
