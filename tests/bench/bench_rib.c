/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the RIB costs: nanoseconds of CPU per announce and per lookup, bytes per route, and how
 * long a teller that goes away stays visible and holds memory.
 *
 *	bench_rib [-4 PREFIXES] [-6 PREFIXES] [-t TELLERS] [-s] [-i] [-c SECONDS]
 *
 *	-s	all tellers tell the same attributes
 *	-i	the tables are told side by side, not one after the other
 *	-c	last, see what a reader's lookups cost so long without changes, at 100,000 and at
 *		1,000,000 a second
 *
 * Prefixes have the mix of lengths of a full table; every teller misses 3 % of them and has paths
 * of its own (unless -s), one for 6 prefixes on average. Lookups are in batches of 64, of which 24 at a time
 * see the same view, as the flows of a datagram do.
 */
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/mem.h"
#include "rib/rib.h"

#define RUN		6			/* prefixes that share a path and an UPDATE */
#define LOOKUPS		(UINT32_C(1) << 22)
#define BATCH		64
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SANITIZED	1
#else
#define SANITIZED	0
#endif

struct bench {
	struct epoch *ep;
	struct rib *rib;
	struct prefix *prefix;
	size_t n4, n;
	size_t tellers;
	struct teller **teller;
	const struct view **view;
	uint64_t random;
	bool shared, aside;
	uint64_t brought;		/* memory by each teller but the first */
};

static uint64_t
next_random(struct bench *b)
{
	b->random ^= b->random << 13;
	b->random ^= b->random >> 7;
	b->random ^= b->random << 17;
	return b->random * UINT64_C(0x2545f4914f6cdd1d);
}

static uint32_t
pick(struct bench *b, size_t below)
{
	return (uint32_t)((next_random(b) >> 32) * below >> 32);
}

/* Shares of lengths in hundred thousandths, as in the tables of 2025. */
struct share {
	uint8_t len;
	uint32_t of;
};

static const struct share share4[] = {
	{ 24, 62300 }, { 23, 9900 }, { 22, 10800 }, { 21, 5000 }, { 20, 4400 }, { 19, 2500 },
	{ 18, 1400 }, { 17, 800 }, { 16, 1400 }, { 15, 200 }, { 14, 120 }, { 13, 60 }, { 12, 30 },
	{ 11, 10 }, { 10, 4 }, { 9, 1 }, { 8, 2 }, { 24, 1073 },
};

static const struct share share6[] = {
	{ 48, 48000 }, { 32, 13000 }, { 40, 11000 }, { 44, 10000 }, { 36, 5000 }, { 47, 3000 },
	{ 46, 3000 }, { 29, 2500 }, { 42, 2000 }, { 34, 1000 }, { 28, 100 }, { 24, 20 },
	{ 48, 1380 },
};

static uint8_t
random_len(struct bench *b, const struct share *share, size_t n)
{
	uint32_t x = pick(b, 100000);
	size_t i = 0;

	while (i + 1 < n && x >= share[i].of)
		x -= share[i++].of;
	return share[i].len;
}

static void
make_prefixes(struct bench *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct prefix *p = &b->prefix[i];
		uint64_t r = next_random(b), block;

		if (i < b->n4) {
			p->len = random_len(b, share4, ARRAY_LEN(share4));
			p->addr = addr_of_v4(0x01000000 + (uint32_t)(r % 0xdf000000));
		} else {
			p->len = random_len(b, share6, ARRAY_LEN(share6));
			/* 20,000 providers' blocks from 2001::/16 to 2c0f::/16, sites within. */
			block = hash_fold(r % 20000 + 1, UINT64_C(0xe7037ed1a0b428db));
			p->addr.b[0] = (uint8_t)(0x20 + block % 13);
			p->addr.b[1] = (uint8_t)(block >> 8) & 0x0f;
			p->addr.b[2] = (uint8_t)(block >> 16) & 0x3f;
			p->addr.b[3] = (uint8_t)(block >> 24);
			p->addr.b[4] = (uint8_t)(r >> 32) & 0x03;
			p->addr.b[5] = (uint8_t)(r >> 40);
		}
		p->addr = addr_masked(&p->addr, p->len);
	}
}

static double
per(int64_t ns, size_t n)
{
	return (double)ns / (double)n;
}

/* The prefixes of one UPDATE, with their attributes in their `round`-th form. */
static uint32_t
attrs_of(struct bench *b, size_t t, size_t at, unsigned round)
{
	uint32_t as = (uint32_t)(at / RUN), peer = 64500 + (b->shared ? 0 : (uint32_t)t);
	uint8_t aspath[] = { 2, 4,
	    (uint8_t)(peer >> 24), (uint8_t)(peer >> 16), (uint8_t)(peer >> 8), (uint8_t)peer,
	    0, 0, 11, (uint8_t)(as % 97), 0, 0, (uint8_t)(as >> 12), (uint8_t)(as >> 4),
	    0, (uint8_t)(as >> 16), (uint8_t)(as >> 8), (uint8_t)as };
	uint8_t comms[] = { 0xfb, 0xf4, 0, (uint8_t)(as % 61), 0xfb, 0xf4, 1, (uint8_t)peer };
	struct attrs a = {
		.aspath = aspath, .aspath_len = sizeof(aspath),
		.comms = comms, .comms_len = sizeof(comms),
		.next_hop = addr_of_v4(0x0a000000 + peer), .local_pref = 100,
		.has_local_pref = true, .med = round, .has_med = round > 0,
	};

	return attrs_put(b->teller[t], &a);
}

/* Tell teller t's part of the prefixes from..to. */
static size_t
tell(struct bench *b, size_t t, size_t from, size_t to)
{
	struct nlri nlri[RUN];
	size_t told = 0;

	for (size_t at = from; at < to; at += RUN) {
		uint32_t path = attrs_of(b, t, at, 0);
		size_t n = 0;

		for (size_t i = at; i < at + RUN && i < to; i++)
			if (next_random(b) % 100 >= 3)
				nlri[n++] = (struct nlri){ .safi = RIB_UNICAST, .prefix = b->prefix[i] };
		if (path == 0 || rib_announce_many(b->teller[t], nlri, n, path) != n) {
			fprintf(stderr, "the RIB is full\n");
			exit(1);
		}
		told += n;
	}
	return told;
}

static void
work(struct bench *b)
{
	while (rib_work(b->rib, mono_add(mono_now(), 10 * NS_PER_MS)))
		;
}

static struct rib_stats
stats(struct bench *b)
{
	struct rib_stats s;

	rib_stats(b->rib, &s);
	return s;
}

static uint64_t
rss_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long all, resident = 0;

	if (f != NULL) {
		if (fscanf(f, "%lu %lu", &all, &resident) != 2)
			resident = 0;
		fclose(f);
	}
	return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void
print_prefixes(struct bench *b)
{
	printf("prefixes: %" PRIu64 " IPv4, %" PRIu64 " IPv6, %.1f bytes each in the index\n",
	    stats(b).prefixes[RIB_IP4], stats(b).prefixes[RIB_IP6],
	    per((int64_t)stats(b).prefix_bytes, b->n));
}

static void
load_all(struct bench *b)
{
	for (size_t t = 0; t < b->tellers; t++) {
		struct rib_stats before = stats(b), after;
		int64_t from = cpu_ns(), announced, rest;
		size_t told = tell(b, t, 0, b->n);

		announced = cpu_ns() - from;
		from = cpu_ns();
		work(b);
		rest = cpu_ns() - from;
		after = stats(b);
		if (t < 3 || t + 1 == b->tellers)
			printf("teller %3zu: %8zu routes, %6.1f ns per announce, %5.1f ns of work "
			    "behind, %5.1f bytes per route (column %.1f, attributes %.1f), rss %" PRIu64
			    " MiB\n", t + 1, told, per(announced, told), per(rest, told),
			    per((int64_t)(after.column_bytes + after.pool_bytes - before.column_bytes -
			    before.pool_bytes), told),
			    per((int64_t)(after.column_bytes - before.column_bytes), told),
			    per((int64_t)(after.pool_bytes - before.pool_bytes), told),
			    rss_bytes() >> 20);
	}
	print_prefixes(b);
}

/* All but the first teller's table side by side, some UPDATEs of each in turn. */
static void
load_aside(struct bench *b)
{
	enum { TURN = 400 * RUN };
	struct rib_stats before, after;
	uint64_t rss;
	int64_t from;
	size_t told = 0;

	(void)tell(b, 0, 0, b->n);
	work(b);
	before = stats(b);
	rss = rss_bytes();
	from = cpu_ns();
	for (size_t at = 0; at < b->n; at += TURN) {
		for (size_t t = 1; t < b->tellers; t++)
			told += tell(b, t, at, at + TURN < b->n ? at + TURN : b->n);
		(void)rib_work(b->rib, mono_add(mono_now(), NS_PER_MS));
	}
	work(b);
	after = stats(b);
	b->brought = b->tellers > 1 ? (rss_bytes() - rss) / (b->tellers - 1) : 0;
	printf("tellers 2 to %zu: %.1f ns per announce with the work behind, %.1f bytes per route "
	    "(column %.1f, attributes %.1f), %.1f of memory\n", b->tellers,
	    per(cpu_ns() - from, told),
	    per((int64_t)(after.column_bytes + after.pool_bytes - before.column_bytes -
	    before.pool_bytes), told),
	    per((int64_t)(after.column_bytes - before.column_bytes), told),
	    per((int64_t)(after.pool_bytes - before.pool_bytes), told),
	    per((int64_t)(rss_bytes() - rss), told));
	print_prefixes(b);
}

static size_t
zipf_pick(struct bench *b, size_t first, size_t n)
{
	double x = (double)(next_random(b) >> 11) / 9007199254740992.0;
	/* Inverse of the sum of 1/rank, with ranks spread over the prefixes. */
	size_t rank = (size_t)pow((double)n, x) - 1;

	return first + rank * 2654435761u % n;
}

static struct addr
host_in(struct bench *b, const struct prefix *p)
{
	struct addr a = p->addr;
	uint64_t r = next_random(b);

	if (addr_is_v4(&a) && p->len < 32)
		return addr_of_v4(addr_v4(&a) | (uint32_t)(r >> (32 + p->len)));
	a.b[15] = (uint8_t)r;
	return a;
}

static void
lookups(struct bench *b, const char *what, size_t first, size_t n, bool zipf, size_t tellers)
{
	enum { SAME = 24 };
	struct addr *a = mem_array(LOOKUPS, sizeof(*a));
	struct epoch_reader *reader = epoch_join(b->ep);
	uint64_t found = 0;
	int64_t best = INT64_MAX;

	for (size_t i = 0; i < LOOKUPS; i++)
		a[i] = host_in(b, &b->prefix[zipf ? zipf_pick(b, first, n) : first + pick(b, n)]);
	for (unsigned round = 0; round < 3; round++) {
		int64_t from = cpu_ns();

		for (size_t at = 0, run; at < LOOKUPS; at += run) {
			struct route r[BATCH];
			const struct view *v = b->view[tellers > 1 ? pick(b, tellers) : 0];

			run = tellers > 1 ? SAME : BATCH;
			if (run > LOOKUPS - at)
				run = LOOKUPS - at;
			epoch_tick(b->ep, reader);
			view_lookup(b->rib, v, (struct addr_field){ &a[at], sizeof(*a) },
			    (struct addr_field){ NULL, 0 }, r, run);
			for (size_t i = 0; i < run; i++)
				found += r[i].path != 0;
		}
		if (cpu_ns() - from < best)
			best = cpu_ns() - from;
	}
	printf("lookup %s, %3zu tellers, %-7s: %5.1f ns (%.1f %% found)\n", what, tellers,
	    zipf ? "Zipf" : "uniform", per(best, LOOKUPS), 100.0 * per((int64_t)found, 3 * LOOKUPS));
	epoch_leave(b->ep, reader);
	mem_free(a);
}

/* What this machine takes now for an independent load from 256 MiB: 12 to 20 ns when it is idle. */
static void
yardstick(struct bench *b)
{
	size_t n = (size_t)1 << 25;
	uint64_t *word = mem_reserve(n * sizeof(*word), 1), sum = 0;
	int64_t from;

	for (size_t i = 0; i < n; i++)
		word[i] = i;
	from = cpu_ns();
	for (size_t i = 0; i < LOOKUPS; i++)
		sum += word[pick(b, n)];
	printf("yardstick: %.1f ns for a cold load%s\n", per(cpu_ns() - from, LOOKUPS),
	    sum == 0 ? "." : "");
	mem_unreserve(word, n * sizeof(*word));
}

/* Lookups on a thread of their own, while control changes routes. */
struct watcher {
	struct bench *b;
	_Atomic bool stop;
	_Atomic uint64_t lookups;
	_Atomic int64_t ns;
};

static void *
watch(void *arg)
{
	struct watcher *w = arg;
	struct bench mine = *w->b;
	struct epoch_reader *reader = epoch_join(mine.ep);
	size_t many = LOOKUPS / 4, at = 0;
	struct addr *a = mem_array(many, sizeof(*a));
	int64_t from;

	for (size_t i = 0; i < many; i++)
		a[i] = host_in(&mine, &mine.prefix[pick(&mine, mine.n4)]);
	from = cpu_ns();
	while (!atomic_load_explicit(&w->stop, memory_order_relaxed)) {
		struct route r[BATCH];

		at = at + BATCH <= many - BATCH ? at + BATCH : 0;
		epoch_tick(mine.ep, reader);
		view_lookup(mine.rib, mine.view[at / BATCH % mine.tellers],
		    (struct addr_field){ &a[at], sizeof(*a) }, (struct addr_field){ NULL, 0 }, r, BATCH);
		/* What was read of *w->b before is read before control goes on with it. */
		atomic_fetch_add_explicit(&w->lookups, BATCH, memory_order_release);
		atomic_store_explicit(&w->ns, cpu_ns() - from, memory_order_relaxed);
	}
	epoch_leave(mine.ep, reader);
	mem_free(a);
	return NULL;
}

/*
 * Of eight UPDATEs seven announce with other attributes, which come again as those of real routes do
 * that flap; one withdraws.
 */
static uint64_t
change(struct bench *b, uint64_t n)
{
	enum { FORMS = 3 };
	uint64_t done = 0;

	while (done < n) {
		size_t t = pick(b, b->tellers), at = pick(b, b->n / RUN) * (size_t)RUN;
		struct nlri nlri[RUN];

		for (size_t i = 0; i < RUN; i++)
			nlri[i] = (struct nlri){ .safi = RIB_UNICAST, .prefix = b->prefix[at + i] };
		if (pick(b, 8) > 0) {
			(void)rib_announce_many(b->teller[t], nlri, RUN, 
			    attrs_of(b, t, at, pick(b, FORMS)));
		} else {
			for (size_t i = 0; i < RUN; i++)
				(void)rib_withdraw(b->teller[t], &nlri[i]);
		}
		done += RUN;
	}
	return done;
}

/* Nanoseconds of CPU per lookup, by a reader at full speed, with so many changes a second. */
static double
watched(struct bench *b, uint64_t rate, double seconds, uint64_t *ret_done)
{
	struct watcher w = { .b = b };
	mono_t start = mono_now();
	pthread_t thread;
	uint64_t done = 0, lookups;
	int64_t past, ns;

	if (pthread_create(&thread, NULL, watch, &w) != 0)
		exit(1);
	while (atomic_load(&w.lookups) < LOOKUPS)	/* it has its addresses, its caches are warm */
		usleep(1000);
	lookups = atomic_load(&w.lookups);
	ns = atomic_load(&w.ns);
	start = mono_now();
	while ((past = mono_since(mono_now(), start)) < (int64_t)(seconds * 1e9)) {
		uint64_t due = (uint64_t)((double)rate * (double)past / 1e9);

		if (due > done)
			done += change(b, due - done < 2000 ? due - done : 2000);
		else
			usleep(200);
		(void)rib_work(b->rib, mono_add(mono_now(), NS_PER_MS));
	}
	ns = atomic_load(&w.ns) - ns;
	lookups = atomic_load(&w.lookups) - lookups;
	atomic_store(&w.stop, true);
	pthread_join(thread, NULL);
	*ret_done = (uint64_t)((double)done / seconds);
	return per(ns, lookups);
}

/* What the RIB itself says that it holds. */
static uint64_t
held_bytes(const struct bench *b)
{
	struct rib_stats st;

	rib_stats(b->rib, &st);
	return st.prefix_bytes + st.column_bytes + st.pool_held;
}

static bool
has_grown(const char *what, uint64_t from, uint64_t to)
{
	printf("memory, %s: from %" PRIu64 " to %" PRIu64 " MiB\n", what, from >> 20, to >> 20);
	return to > from + from / 2 + (UINT64_C(64) << 20);
}

/*
 * Still, churning, still again: what else the machine does changes all the time. However long it
 * goes on, memory is what it was, but for what marking has not found yet. A sanitizer keeps several
 * bytes for each that was ever written: there only the RIB's own word counts.
 */
static void
churn(struct bench *b, double seconds)
{
	static const uint64_t rate[] = { 100000, 1000000 };
	uint64_t done, rss = rss_bytes(), held = held_bytes(b);

	for (size_t i = 0; i < ARRAY_LEN(rate); i++) {
		double still = 0, moved = 0;

		for (unsigned round = 0; round < 3; round++) {
			still += watched(b, 0, seconds / 3, &done);
			moved += watched(b, rate[i], seconds / 3, &done);
		}
		printf("lookups with %" PRIu64 " changes/s: %.1f ns, without %.1f ns, slower by %.1f %%\n",
		    done, moved / 3, still / 3, 100 * (moved / still - 1));
		if (has_grown("as the RIB says", held, held_bytes(b)) |
		    (has_grown("of the process", rss, rss_bytes()) && !SANITIZED)) {
			fprintf(stderr, "memory grew\n");
			exit(1);
		}
	}
}

static void
gone(struct bench *b)
{
	mono_t from = mono_now();
	uint64_t rss = rss_bytes();
	int64_t invisible;

	teller_gone(b->teller[b->tellers - 1]);
	invisible = mono_since(mono_now(), from);
	work(b);
	work(b);
	printf("teller gone: invisible after %.3f ms, memory back after %.1f ms (rss %.1f -> %.1f MiB, "
	    "it had brought %.1f MiB)\n", (double)invisible / NS_PER_MS,
	    (double)mono_since(mono_now(), from) / NS_PER_MS, (double)rss / (1 << 20),
	    (double)rss_bytes() / (1 << 20), (double)b->brought / (1 << 20));
}

int
main(int argc, char **argv)
{
	struct bench b = { .n4 = 1000000, .tellers = 10, .random = 88172645463325252u };
	size_t n6 = 220000, seconds = 0;
	int opt;

	while ((opt = getopt(argc, argv, "4:6:t:c:si")) != -1) {
		size_t n = optarg != NULL ? strtoul(optarg, NULL, 10) : 0;

		if (opt == 's' || opt == 'i')
			*(opt == 's' ? &b.shared : &b.aside) = true;
		else
			*(opt == '4' ? &b.n4 : opt == '6' ? &n6 : opt == 'c' ? &seconds : &b.tellers) =
			    n > 0 ? n : 1;
	}
	b.n = b.n4 + n6;
	b.prefix = mem_array(b.n, sizeof(b.prefix[0]));
	b.teller = mem_array(b.tellers, sizeof(b.teller[0]));
	b.view = mem_array(b.tellers, sizeof(b.view[0]));
	make_prefixes(&b);
	yardstick(&b);
	b.ep = epoch_new();
	b.rib = rib_new(b.ep, &(struct rib_conf){ .teller_bytes = UINT64_C(4) << 30 });
	for (size_t t = 0; t < b.tellers; t++) {
		struct teller_info info = { .router = addr_of_v4(0xc0000000 + (uint32_t)t) };

		b.teller[t] = teller_new(b.rib, &info);
		b.view[t] = view_find(b.rib, &info.router, 0, true);
	}
	if (b.aside)
		load_aside(&b);
	else
		load_all(&b);
	if (seconds > 0)
		churn(&b, (double)seconds);
	for (size_t tellers = 1; seconds == 0 && tellers <= b.tellers; tellers *= 10) {
		lookups(&b, "IPv4", 0, b.n4, false, tellers);
		lookups(&b, "IPv4", 0, b.n4, true, tellers);
		lookups(&b, "IPv6", b.n4, n6, false, tellers);
		lookups(&b, "IPv6", b.n4, n6, true, tellers);
	}
	gone(&b);
	rib_free(b.rib);
	epoch_free(b.ep);
	mem_free(b.prefix);
	mem_free(b.teller);
	mem_free(b.view);
	return 0;
}
