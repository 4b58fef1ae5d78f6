/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The `memory` output behind its frame, asked over its socket; the request format, whole, cut and
 * bent. What the answers look like was compared with nfacctd's and pmacct's of 1.7.7.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/mem.h"
#include "net/local.h"
#include "out/memory.h"
#include "out/memproto.h"
#include "support.h"

struct fixture {
	char path[64];
	struct key row[4];
	struct bench b;
	struct output *o;
};

static void
begin(struct fixture *f)
{
	static unsigned n;
	struct sbuf err = { 0 };

	*f = (struct fixture){ 0 };
	snprintf(f->path, sizeof(f->path), "/tmp/wb_memory_%d_%u", (int)getpid(), n++);
	f->row[0] = (struct key){ "aggregate",
	    "src_host, dst_host, src_port, proto, tcpflags, flows" };
	f->row[1] = (struct key){ "imt_path", f->path };
	bench_open(&f->b, f->row);
	f->o = output_start(&out_memory, &f->b.env, NULL, &err);
	assert_string_equal(sbuf_text(&err), "");
	sbuf_done(&err);
}

static void
end(struct fixture *f)
{
	struct out_counters *c = output_counters(f->o);
	struct stat st;

	output_finish(f->o);
	assert_int_equal(counter_balance(c, out_counter_rows, out_counter_count), 0);
	assert_int_equal(stat(f->path, &st), -1);
	output_stop(f->o);
	bench_close(&f->b);
}

static int
connected(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	assert_int_equal(connect(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

/* What the output says to these bytes, up to its end. */
static char *
ask_bytes(const struct fixture *f, const char *bytes, size_t len)
{
	int fd = connected(f->path);
	struct sbuf answer = { 0 };
	char room[4096];
	ssize_t n;

	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
	while ((n = read(fd, room, sizeof(room))) > 0)
		sbuf_add(&answer, room, (size_t)n);
	close(fd);
	sbuf_str(&answer, "");
	return answer.text;
}

static void
answer_is(const struct fixture *f, struct memreq req, const char *queries, const char *want)
{
	struct sbuf text = { 0 };
	char *copy = mem_strdup(queries), *next, *word, *got;

	for (word = strtok_r(copy, ";", &next); word != NULL; word = strtok_r(NULL, ";", &next))
		memreq_add_query(&req, word, strlen(word));
	if (req.format != NULL)
		req.format = mem_strdup(req.format);
	if (req.fields != NULL)
		req.fields = mem_strdup(req.fields);
	memreq_put(&req, &text);
	got = ask_bytes(f, text.text, text.len);
	assert_string_equal(got, want);
	free(got);
	mem_free(copy);
	memreq_done(&req);
	sbuf_done(&text);
}

/* Give flows and wait until they are in the table. */
static void
fill(struct fixture *f)
{
	struct flow flow[4] = { a_flow(1, 9, 1, 100, 1600000000), a_flow(2, 9, 2, 300, 1600000000),
	    a_flow(3, 9, 3, 200, 1600000000), a_flow(1, 9, 4, 50, 1600000000) };
	uint64_t before = counter_get(&output_counters(f->o)->slices);
	struct slice *s = bench_slice(&f->b, flow, 4);

	assert_true(output_give(f->o, s));
	while (counter_get(&output_counters(f->o)->slices) == before)
		usleep(1000);
}

static char fields[] = "src_host", two_fields[] = "src_host,src_port", csv[] = "csv",
    json[] = "json", unknown[] = "src_hots", proto[] = "proto", tags[] = "tag", odd[] = "xml";

#define HEAD	"SRC_IP,DST_IP,SRC_PORT,TCP_FLAGS,PROTOCOL,PACKETS,FLOWS,BYTES\n"
#define ROW1	"192.0.2.1,198.51.100.9,1001,16,tcp,5,2,150\n"
#define ROW2	"192.0.2.2,198.51.100.9,1002,16,tcp,2,1,300\n"
#define ROW3	"192.0.2.3,198.51.100.9,1003,16,tcp,3,1,200\n"

static void
queries_are_answered(void **state)
{
	static const struct {
		struct memreq req;
		const char *queries, *want;
	} asks[] = {
		{ { .op = MEMREQ_TABLE, .format = csv }, "", "ok\n" HEAD ROW1 ROW2 ROW3 },
		{ { .op = MEMREQ_TABLE, .format = csv, .sorted = 1, .top = MEMREQ_BYTES, .top_n = 2 },
		  "", "ok\n" HEAD ROW2 ROW3 },
		{ { .op = MEMREQ_TABLE, .format = csv, .sorted = 1, .top = MEMREQ_PACKETS }, "",
		  "ok\n" HEAD ROW1 ROW3 ROW2 },
		{ { .op = MEMREQ_MATCH, .format = csv, .fields = fields }, "192.0.2.2",
		  "ok\n" HEAD ROW2 },
		{ { .op = MEMREQ_MATCH, .format = csv, .fields = fields }, "*",
		  "ok\n" HEAD ROW1 ROW2 ROW3 },
		{ { .op = MEMREQ_MATCH, .fields = fields }, "9.9.9.9",
		  "ok\nSRC_IP                                         DST_IP                        "
		  "                 SRC_PORT  TCP_FLAGS  PROTOCOL    PACKETS               FLOWS      "
		  "           BYTES\n\nFor a total of: 0 entries\n" },
		{ { .op = MEMREQ_MATCH, .format = json, .fields = proto, .num_protos = 1 }, "6;17",
		  "ok\n{\"ip_src\": \"192.0.2.1\", \"ip_dst\": \"198.51.100.9\", \"port_src\": 1001, "
		  "\"tcp_flags\": 16, \"ip_proto\": \"6\", \"flows\": 2, \"packets\": 5, "
		  "\"bytes\": 150}\n{\"ip_src\": \"192.0.2.2\", \"ip_dst\": \"198.51.100.9\", "
		  "\"port_src\": 1002, \"tcp_flags\": 16, \"ip_proto\": \"6\", \"flows\": 1, "
		  "\"packets\": 2, \"bytes\": 300}\n{\"ip_src\": \"192.0.2.3\", \"ip_dst\": "
		  "\"198.51.100.9\", \"port_src\": 1003, \"tcp_flags\": 16, \"ip_proto\": \"6\", "
		  "\"flows\": 1, \"packets\": 3, \"bytes\": 200}\n" },
		{ { .op = MEMREQ_COUNT, .fields = fields }, "192.0.2.1;9.9.9.9;192.0.2.3",
		  "ok\n150\n0\n200\n" },
		{ { .op = MEMREQ_COUNT, .fields = fields, .sum = 1 }, "192.0.2.1;9.9.9.9;192.0.2.3",
		  "ok\n350\n" },
		{ { .op = MEMREQ_COUNT, .fields = fields, .counter = MEMREQ_ALL }, "192.0.2.1;9.9.9.9",
		  "ok\n5 150 2 1\n0 0 0 0\n" },
		{ { .op = MEMREQ_COUNT, .fields = proto, .counter = MEMREQ_PACKETS }, "tcp",
		  "ok\n10\n" },
		{ { .op = MEMREQ_COUNT, .fields = two_fields }, "192.0.2.1,1001;192.0.2.1,*;192.0.2.1",
		  "ok\n150\n150\n0\n" },
		{ { .op = MEMREQ_COUNT, .fields = tags }, "0", "ok\n650\n" },
		{ { .op = MEMREQ_COUNT, .fields = tags }, "7", "ok\n0\n" },
		{ { .op = MEMREQ_SINCE }, "", "ok\nnever\n" },
		{ { .op = MEMREQ_COUNT, .fields = fields }, "zz",
		  "error src_host: Invalid IP address: 'zz'\n" },
		{ { .op = MEMREQ_COUNT, .fields = unknown }, "1", "error unknown primitive 'src_hots'\n" },
		{ { .op = MEMREQ_COUNT }, "1",
		  "error -N or -M selected but -c has not been specified or is invalid.\n" },
		{ { .op = MEMREQ_COUNT, .fields = fields }, "192.0.2.1,6",
		  "error more values than primitives at '6'\n" },
		{ { .op = MEMREQ_TABLE, .format = odd }, "", "error unknown output 'xml'\n" },
	};
	struct fixture f;

	(void)state;
	begin(&f);
	fill(&f);
	for (size_t i = 0; i < ARRAY_LEN(asks); i++)
		answer_is(&f, asks[i].req, asks[i].queries, asks[i].want);
	end(&f);
}

static void
reset_takes_exactly_what_was_read(void **state)
{
	struct memreq all = { .op = MEMREQ_TABLE, .format = csv };
	struct memreq reset = { .op = MEMREQ_COUNT, .fields = fields, .reset = 1 };
	struct memreq erase = { .op = MEMREQ_TABLE, .format = csv, .erase = 1 };
	struct memreq plain_erase = { .erase = 1 }, since = { .op = MEMREQ_SINCE };
	struct out_counters *c;
	struct fixture f;

	(void)state;
	begin(&f);
	fill(&f);
	c = output_counters(f.o);
	answer_is(&f, reset, "192.0.2.2", "ok\n300\n");
	answer_is(&f, all, "", "ok\n" HEAD ROW1 ROW3);
	answer_is(&f, reset, "192.0.2.2", "ok\n0\n");
	fill(&f);
	answer_is(&f, reset, "192.0.2.2", "ok\n300\n");
	answer_is(&f, erase, "", "ok\n" HEAD
	    "192.0.2.1,198.51.100.9,1001,16,tcp,10,4,300\n"
	    "192.0.2.3,198.51.100.9,1003,16,tcp,6,2,400\n");
	answer_is(&f, all, "", "ok\n" HEAD);
	answer_is(&f, since, "", "ok\n0\n");
	answer_is(&f, plain_erase, "", "ok\nOK: Clearing stats.\n");
	assert_int_equal(counter_get(&c->bytes_added), 1300);
	end(&f);
	begin(&f);
	fill(&f);
	assert_int_equal(counter_get(&output_counters(f.o)->bytes_added), 650);
	end(&f);
}

static void
requests_come_back_as_they_were(void **state)
{
	struct memreq req = { .op = MEMREQ_COUNT, .sum = 1, .counter = MEMREQ_ALL, .separator = ';',
	    .top_n = 10, .format = mem_strdup("csv"), .fields = mem_strdup("a,b") };
	struct sbuf text = { 0 }, again = { 0 }, err = { 0 };
	struct memreq back;

	(void)state;
	memreq_add_query(&req, "1,2", 3);
	memreq_add_query(&req, "*,x y", 5);
	memreq_put(&req, &text);
	for (size_t n = 0; n < text.len; n++) {
		struct sbuf part = { 0 };

		sbuf_add(&part, text.text, n);
		assert_false(memreq_is_whole(&part));
		assert_int_equal(memreq_parse(part.text != NULL ? part.text : "", n, &back, &err),
		    -1);
		memreq_done(&back);
		sbuf_done(&part);
	}
	sbuf_clear(&err);
	assert_true(memreq_is_whole(&text));
	assert_int_equal(memreq_parse(text.text, text.len, &back, &err), 0);
	assert_int_equal(err.len, 0);
	memreq_put(&back, &again);
	assert_string_equal(sbuf_text(&again), sbuf_text(&text));
	memreq_done(&back);
	memreq_done(&req);
	sbuf_done(&text);
	sbuf_done(&again);
	sbuf_done(&err);
}

static void
bent_requests_are_refused(void **state)
{
	static const struct {
		const char *text, *want;
	} bad[] = {
		{ "HTTP/1.0\nend\n",
		  "error this is the table of a waybilld; use its own pmacct client\n" },
		{ "waybill-memory 1\nop 99\nend\n", "error bad line in the request: \"op\"\n" },
		{ "waybill-memory 1\nop -1\nend\n", "error bad line in the request: \"op\"\n" },
		{ "waybill-memory 1\nsum 2\nend\n", "error bad line in the request: \"sum\"\n" },
		{ "waybill-memory 1\nbla\nend\n", "error bad line in the request: \"bla\"\n" },
		{ "waybill-memory 1\nbla \x01\nend\n", "error bad line in the request: \"bla\"\n" },
	};
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char *got = ask_bytes(&f, bad[i].text, strlen(bad[i].text));

		assert_string_equal(got, bad[i].want);
		free(got);
	}
	end(&f);
}

static void
clients_that_misbehave_do_not_stop_others(void **state)
{
	struct memreq all = { .op = MEMREQ_TABLE, .format = csv };
	struct fixture f;
	int silent, half, gone;

	(void)state;
	begin(&f);
	fill(&f);
	silent = connected(f.path);
	half = connected(f.path);
	assert_int_equal(send(half, "waybill-memory 1\nop", 19, MSG_NOSIGNAL), 19);
	gone = connected(f.path);
	assert_int_equal(send(gone, "waybill-memory 1\nop 1\nend\n", 26, MSG_NOSIGNAL), 26);
	close(gone);
	answer_is(&f, all, "", "ok\n" HEAD ROW1 ROW2 ROW3);
	close(silent);
	close(half);
	answer_is(&f, all, "", "ok\n" HEAD ROW1 ROW2 ROW3);
	end(&f);
}

/* The program itself; tests run where it was built. */
static void
the_client_prints_what_scripts_expect(void **state)
{
#define SERVED	"-p %s "
	static const struct {
		const char *args, *want;	/* the beginning of what it prints */
		int code;
	} runs[] = {
		{ SERVED "-s -O csv", HEAD ROW1 ROW2 ROW3, 0 },
		{ SERVED "-s -O csv -E '|' -T flows,1",
		  "SRC_IP|DST_IP|SRC_PORT|TCP_FLAGS|PROTOCOL|PACKETS|FLOWS|BYTES\n"
		  "192.0.2.1|198.51.100.9|1001|16|tcp|5|2|150\n", 0 },
		{ SERVED "-c src_host -N '192.0.2.1;9.9.9.9'", "150\n0\n", 0 },
		{ SERVED "-c src_host -n all -S -N '192.0.2.1;192.0.2.2'", "7 450 3 2\n", 0 },
		{ SERVED "-c src_host -M 192.0.2.3 -O csv -u",
		  HEAD "192.0.2.3,198.51.100.9,1003,16,6,3,1,200\n", 0 },
		{ SERVED "-c src_host -N file:%s.in", "150\n300\n", 0 },
		{ SERVED "-c src_host -n bla -N 192.0.2.1",
		  "WARN: -n, ignoring unknown counter type: bla.\n150\n", 0 },
		{ SERVED "-c src_host -N zz", "ERROR: src_host: Invalid IP address: 'zz'\n", 1 },
		{ SERVED "-c bla -N 1", "ERROR: unknown primitive 'bla'\n", 1 },
		{ SERVED "-s -M 1 -c src_host",
		  "ERROR: -s, -t, -N, -M and -C options are each mutually exclusive.\n\n", 1 },
		{ SERVED "", "ERROR: no options specified. Either -s, -e, -t, -M, -N or -C must be "
		  "supplied. \n  Exiting...\n\n", 1 },
		{ SERVED "-i", "never\n", 0 },
		{ SERVED "-C", "CLASS_ID\tCLASS_NAME\n", 0 },
		{ SERVED "-U", "NAME                              LEN    OFF\n", 0 },
		{ SERVED "-r -c src_host -N 192.0.2.2", "300\n", 0 },
		{ SERVED "-s -O csv", HEAD ROW1 ROW3, 0 },
		{ SERVED "-e", "OK: Clearing stats.\n", 0 },
		{ SERVED "-s", "SRC_IP  ", 0 },
		{ "-s -p /nonexistent/pipe", "ERROR: Unable to connect to '/nonexistent/pipe'\n\n", 1 },
		{ "-z 2>/dev/null", "pmacct of waybill", 1 },
	};
	char path[80];
	struct fixture f;
	FILE *file;

	(void)state;
	assert_int_equal(access("./pmacct", X_OK), 0);
	begin(&f);
	fill(&f);
	snprintf(path, sizeof(path), "%s.in", f.path);
	file = fopen(path, "w");
	fputs("192.0.2.1\n192.0.2.2\n", file);
	fclose(file);
	for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
		struct sbuf command = { 0 };
		char got[4096];
		size_t n;
		int status;

		sbuf_str(&command, "./pmacct ");
		for (const char *p = runs[i].args; *p != '\0'; p++) {
			if (strncmp(p, "%s", 2) == 0)
				sbuf_str(&command, f.path), p++;
			else
				sbuf_char(&command, *p);
		}
		file = popen(sbuf_text(&command), "r");
		n = fread(got, 1, sizeof(got) - 1, file);
		got[n] = '\0';
		status = pclose(file);
		got[strnlen(got, strlen(runs[i].want))] = '\0';
		assert_string_equal(got, runs[i].want);
		assert_int_equal(WEXITSTATUS(status), runs[i].code);
		sbuf_done(&command);
	}
	unlink(path);
	end(&f);
}

static void
a_socket_in_use_is_an_error(void **state)
{
	struct fixture f;
	struct sbuf err = { 0 };

	(void)state;
	begin(&f);
	assert_null(output_start(&out_memory, &f.b.env, NULL, &err));
	assert_non_null(strstr(sbuf_text(&err), "in use"));
	sbuf_done(&err);
	end(&f);
}

/* What a dead program left behind is replaced; a file that is no socket is not ours to remove. */
static void
only_dead_sockets_are_replaced(void **state)
{
	char path[64];
	struct sbuf err = { 0 };
	struct stat st;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/wb_local_%ld", (long)getpid());
	fd = local_listen(path, 0600, 4, &err);
	assert_true(fd >= 0);
	close(fd);
	fd = local_listen(path, 0600, 4, &err);
	assert_true(fd >= 0);
	close(fd);
	unlink(path);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(local_listen(path, 0600, 4, &err), -1);
	assert_non_null(strstr(sbuf_text(&err), "no socket"));
	assert_int_equal(stat(path, &st), 0);
	unlink(path);
	sbuf_done(&err);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_come_back_as_they_were),
		cmocka_unit_test(queries_are_answered),
		cmocka_unit_test(reset_takes_exactly_what_was_read),
		cmocka_unit_test(bent_requests_are_refused),
		cmocka_unit_test(clients_that_misbehave_do_not_stop_others),
		cmocka_unit_test(the_client_prints_what_scripts_expect),
		cmocka_unit_test(a_socket_in_use_is_an_error),
		cmocka_unit_test(only_dead_sockets_are_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
