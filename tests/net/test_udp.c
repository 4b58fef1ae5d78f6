/* SPDX-License-Identifier: BSD-2-Clause */
/* Batched UDP on loopback: steering by source address, nothing twice, drops counted, port in use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "net/udp.h"

#define SENDERS		200
#define EACH		5
#define MOST_WORKERS	2

static unsigned
workers(void)
{
	return udp_most_workers() < MOST_WORKERS ? udp_most_workers() : MOST_WORKERS;
}

static int
sender(const struct addr *from)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_sockaddr(from, 0, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	if (bind(fd, (struct sockaddr *)&sa, len) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
send_to(int fd, const struct addr *to, uint16_t port, const void *bytes, size_t len)
{
	struct sockaddr_storage sa;
	socklen_t salen = addr_sockaddr(to, port, &sa);

	assert_int_equal(sendto(fd, bytes, len, 0, (struct sockaddr *)&sa, salen), len);
}

struct seen {
	unsigned count[SENDERS][EACH];
	unsigned worker[SENDERS];	/* + 1 */
	unsigned total, by_worker[MOST_WORKERS];
};

static void
take_all(struct udp_sock *s, unsigned w, struct seen *seen, const struct addr *loop)
{
	struct dgram d[UDP_BATCH];
	size_t n;

	while ((n = udp_receive(s, d)) > 0)
		for (size_t i = 0; i < n; i++) {
			uint32_t id[2];

			assert_int_equal(d[i].len, sizeof(id));
			memcpy(id, d[i].bytes, sizeof(id));
			assert_true(id[0] < SENDERS && id[1] < EACH);
			assert_memory_equal(d[i].from.b, loop->b, 8);
			assert_int_equal(d[i].to_port, udp_port(s));
			assert_true(d[i].arrival.ns != 0);
			assert_true(seen->worker[id[0]] == 0 || seen->worker[id[0]] == w + 1);
			seen->worker[id[0]] = w + 1;
			seen->count[id[0]][id[1]]++;
			seen->by_worker[w]++;
			seen->total++;
		}
}

/* Each source address always meets the same worker, and every datagram arrives once. */
static void
one_address_one_worker(void **state)
{
	const struct udp_conf conf = { .port = 0 };
	struct udp_sock *sock[MOST_WORKERS];
	struct sbuf err = { 0 };
	struct seen *seen = mem_new(sizeof(*seen));
	struct addr to = addr_of_v4(0x7f000001), from = to;
	unsigned n = workers(), sent = 0;

	(void)state;
	assert_int_equal(udp_open(&conf, n, sock, &err), 0);
	assert_true(udp_port(sock[0]) != 0);
	assert_true(udp_rcvbuf(sock[0]) > 0);
	for (uint32_t i = 0; i < SENDERS; i++) {
#ifdef __linux__
		from = addr_of_v4(0x7f000000 | (1 + i / 100) << 8 | (1 + i % 100));
#endif
		for (uint32_t k = 0; k < EACH; k++) {
			uint32_t id[2] = { i, k };
			int fd = sender(&from);		/* another port each time */

			assert_true(fd >= 0);
			send_to(fd, &to, udp_port(sock[0]), id, sizeof(id));
			close(fd);
			sent++;
		}
		for (unsigned w = 0; w < n; w++)
			take_all(sock[w], w, seen, &to);
	}
	assert_int_equal(seen->total, sent);
	for (unsigned i = 0; i < SENDERS; i++)
		for (unsigned k = 0; k < EACH; k++)
			assert_int_equal(seen->count[i][k], 1);
	for (unsigned w = 0; w < n; w++) {
		assert_int_equal(counter_get(&udp_counters(sock[w])->datagrams), seen->by_worker[w]);
		assert_int_equal(counter_get(&udp_counters(sock[w])->bytes), 8 * seen->by_worker[w]);
		assert_int_equal(counter_get(&udp_counters(sock[w])->kernel_drops), 0);
		if (n > 1)
			assert_in_range(seen->by_worker[w], sent / 4, 3 * sent / 4);
		udp_close(sock[w]);
	}
	mem_free(seen);
	sbuf_done(&err);
}

/* The same for IPv6 sources through the steering program; one address is all loopback has. */
static void
both_families_on_any(void **state)
{
	const struct udp_conf conf = { .port = 0 };
	struct udp_sock *sock[MOST_WORKERS];
	struct sbuf err = { 0 };
	struct addr six;
	unsigned n = workers(), met = 0;
	int fd;

	(void)state;
	assert_int_equal(addr_parse("::1", &six), 0);
	fd = sender(&six);
	if (fd < 0) {
		print_message("SKIPPED: no IPv6 on loopback\n");
		skip();
	}
	assert_int_equal(udp_open(&conf, n, sock, &err), 0);
	for (unsigned i = 0; i < 10; i++)
		send_to(fd, &six, udp_port(sock[0]), "x", 1);
	for (unsigned w = 0; w < n; w++) {
		struct dgram d[UDP_BATCH];
		size_t got = udp_receive(sock[w], d);

		assert_true(got == 0 || got == 10);
		if (got > 0)
			assert_true(addr_eq(&d[0].from, &six));
		met += got > 0;
		udp_close(sock[w]);
	}
	assert_int_equal(met, 1);
	close(fd);
	sbuf_done(&err);
}

static void
a_port_in_use_is_an_error(void **state)
{
	struct udp_conf conf = { .port = 0 };
	struct udp_sock *first[MOST_WORKERS], *second[MOST_WORKERS];
	struct sbuf err = { 0 };

	(void)state;
	assert_int_equal(udp_open(&conf, workers(), first, &err), 0);
	conf.port = udp_port(first[0]);
	assert_int_equal(udp_open(&conf, workers(), second, &err), -1);
	assert_non_null(strstr(sbuf_text(&err), "is in use by"));
	if (udp_most_workers() > 1) {
		char pid[32];

		snprintf(pid, sizeof(pid), "(pid %ld)", (long)getpid());
		assert_non_null(strstr(sbuf_text(&err), pid));
	}
	sbuf_clear(&err);
	assert_int_equal(addr_parse("192.0.2.1", &conf.local), 0);
	assert_int_equal(udp_open(&conf, workers(), second, &err), -1);
	assert_non_null(strstr(sbuf_text(&err), "UDP 192.0.2.1 port"));
	for (unsigned w = 0; w < workers(); w++)
		udp_close(first[w]);
	sbuf_done(&err);
}

static size_t
drain(struct udp_sock *s)
{
	struct dgram d[UDP_BATCH];
	size_t n, all = 0;

	while ((n = udp_receive(s, d)) > 0)
		all += n;
	return all;
}

/* Received + dropped by the kernel = sent. */
static void
kernel_drops_are_counted(void **state)
{
	const struct udp_conf conf = { .port = 0, .rcvbuf = 4096 };
	struct addr loop = addr_of_v4(0x7f000001);
	struct udp_sock *s;
	struct sbuf err = { 0 };
	char bytes[1000] = { 0 };
	size_t got;
	int fd = sender(&loop);

	(void)state;
	if (udp_most_workers() == 1) {
		print_message("SKIPPED: the plain POSIX side hears of no drops\n");
		close(fd);
		skip();
	}
	assert_int_equal(udp_open(&conf, 1, &s, &err), 0);
	assert_int_equal(udp_receive(s, (struct dgram[UDP_BATCH]){ { 0 } }), 0);
	for (unsigned i = 0; i < 1000; i++)
		send_to(fd, &loop, udp_port(s), bytes, sizeof(bytes));
	got = drain(s);
	assert_true(got > 0 && got < 1000);
	send_to(fd, &loop, udp_port(s), bytes, sizeof(bytes));	/* brings the news */
	got += drain(s);
	assert_int_equal(got + counter_get(&udp_counters(s)->kernel_drops), 1001);
	udp_close(s);
	close(fd);
	sbuf_done(&err);
}

static void
longest_and_empty_datagrams(void **state)
{
	const struct udp_conf conf = { .port = 0 };
	static uint8_t bytes[65507];
	static const size_t lens[] = { 65507, 0, 1 };
	struct addr loop = addr_of_v4(0x7f000001);
	struct udp_sock *s;
	struct sbuf err = { 0 };
	struct dgram d[UDP_BATCH];
	int fd = sender(&loop);
	struct pollfd pfd;

	(void)state;
	memset(bytes, 0x5a, sizeof(bytes));
	assert_int_equal(udp_open(&conf, 1, &s, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(lens); i++)
		send_to(fd, &loop, udp_port(s), bytes, lens[i]);
	pfd = (struct pollfd){ .fd = udp_fd(s), .events = POLLIN };
	assert_int_equal(poll(&pfd, 1, 1000), 1);
	assert_int_equal(udp_receive(s, d), ARRAY_LEN(lens));
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		assert_int_equal(d[i].len, lens[i]);
		assert_memory_equal(d[i].bytes, bytes, lens[i]);
	}
	assert_int_equal(udp_receive(s, d), 0);
	assert_int_equal(counter_get(&udp_counters(s)->truncated), 0);
	udp_close(s);
	close(fd);
	sbuf_done(&err);
}

/*
 * Datagrams that the kernel keeps joined (here as they were sent, from a network card's driver as
 * they came) are cut again: each arrives whole, once and in order, also where they outgrow a batch.
 */
static void
joined_datagrams_are_cut(void **state)
{
#ifdef UDP_SEGMENT
	const struct udp_conf conf = { .port = 0 };
	enum { LEN = 501, JOINED = 45, LAST = 17, MESSAGES = 7 };
	uint8_t bytes[LEN * (JOINED - 1) + LAST];
	const int size = LEN;
	struct addr loop = addr_of_v4(0x7f000001);
	struct udp_sock *s;
	struct sbuf err = { 0 };
	struct dgram d[UDP_BATCH];
	size_t n, all = 0;
	int fd = sender(&loop);

	(void)state;
	assert_int_equal(setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)), 0);
	assert_int_equal(udp_open(&conf, 1, &s, &err), 0);
	for (unsigned m = 0; m < MESSAGES; m++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(i / LEN + JOINED * m);
		send_to(fd, &loop, udp_port(s), bytes, sizeof(bytes));
	}
	while ((n = udp_receive(s, d)) > 0)
		for (size_t i = 0; i < n; i++, all++) {
			assert_int_equal(d[i].len, all % JOINED == JOINED - 1 ? LAST : LEN);
			assert_true(addr_eq(&d[i].from, &loop));
			assert_int_equal(d[i].bytes[0], (uint8_t)all);
			assert_int_equal(d[i].bytes[d[i].len - 1], (uint8_t)all);
		}
	assert_int_equal(all, JOINED * MESSAGES);
	assert_int_equal(counter_get(&udp_counters(s)->datagrams), all);
	assert_int_equal(counter_get(&udp_counters(s)->bytes), MESSAGES * sizeof(bytes));
	udp_close(s);
	close(fd);
	sbuf_done(&err);
#else
	(void)state;
	print_message("SKIPPED: this system joins no datagrams\n");
	skip();
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_address_one_worker),
		cmocka_unit_test(both_families_on_any),
		cmocka_unit_test(a_port_in_use_is_an_error),
		cmocka_unit_test(kernel_drops_are_counted),
		cmocka_unit_test(longest_and_empty_datagrams),
		cmocka_unit_test(joined_datagrams_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
