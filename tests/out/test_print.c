/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of the `print` output: names, headers, appending, links, markers, what fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "out/print.h"
#include "support.h"

#define ROWS	8

struct fixture {
	char folder[64];
	struct key row[ROWS + 4];
	size_t rows;
	struct bench b;
	void *print;
	struct bintab *tab;
};

static void
set(struct fixture *f, const char *var, const char *value)
{
	assert_true(f->rows < ROWS + 3);
	f->row[f->rows++] = (struct key){ var, value };
}

/* The folder is the current one, so that names in the tests are short. */
static void
begin(struct fixture *f, const char *aggregate, const char *file)
{
	*f = (struct fixture){ .folder = "/tmp/wb_print_XXXXXX" };
	assert_non_null(mkdtemp(f->folder));
	assert_int_equal(chdir(f->folder), 0);
	set(f, "aggregate", aggregate);
	set(f, "print_output", "csv");
	if (file != NULL)
		set(f, "print_output_file", file);
	set(f, "files_umask", "022");
}

static void
open_print(struct fixture *f)
{
	struct sbuf err = { 0 };

	bench_open(&f->b, f->row);
	f->print = out_print.open(&f->b.env, &err);
	assert_string_equal(sbuf_text(&err), "");
	f->tab = bintab_new(f->b.plan);
	sbuf_done(&err);
}

static void
end(struct fixture *f)
{
	char command[96];

	out_print.close(f->print);
	bintab_free(f->tab);
	bench_close(&f->b);
	assert_int_equal(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -r %s", f->folder);
	assert_int_equal(system(command), 0);
}

struct writing {
	struct fixture *f;
	struct purge purge;
	struct sbuf err;
};

static int
write_bin(const struct rowset *rs, void *ctx)
{
	struct writing *w = ctx;

	return out_print.write(w->f->print, &w->purge, rs, &w->err);
}

/* One purge of flows; 0, or -1 as the kind says. */
static int
purge(struct fixture *f, int64_t now_s, const struct flow *flow, unsigned n)
{
	struct writing w = { .f = f, .purge = { .seq = 1, .now = wall_of_sec(now_s) } };
	struct slice *s = bench_slice(&f->b, flow, n);
	int ret;

	bintab_clear(f->tab);
	bintab_add(f->tab, NULL, s);
	slice_free(s, NULL);
	ret = bintab_each(f->tab, write_bin, &w);
	assert_int_equal(ret != 0, w.err.len > 0);
	if (ret == 0)
		out_print.purged(f->print, &w.purge, n);
	sbuf_done(&w.err);
	return ret;
}

static void
file_is(const char *path, const char *text)
{
	char *found = file_text(path);

	assert_non_null(found);
	assert_string_equal(found, text);
	free(found);
}

static void
two_purges_of_a_bin_share_its_file(void **state)
{
	struct flow flow[2] = { a_flow(1, 1, 1, 100, 1600000000), a_flow(2, 1, 1, 50, 1600000060) };
	struct fixture f;
	struct stat st;

	(void)state;
	begin(&f, "src_host", "out/%Y/%H%M.csv");
	set(&f, "print_history", "1m");
	set(&f, "print_history_roundoff", "m");
	set(&f, "print_latest_file", "links/latest.csv");
	open_print(&f);
	assert_int_equal(purge(&f, 1600000100, flow, 2), 0);
	file_is("out/2020/1226.csv", "SRC_IP,PACKETS,BYTES\n192.0.2.1,1,100\n");
	file_is("out/2020/1227.csv", "SRC_IP,PACKETS,BYTES\n192.0.2.2,1,50\n");
	file_is("links/latest.csv", "SRC_IP,PACKETS,BYTES\n192.0.2.2,1,50\n");
	flow[0].bytes = 7;
	assert_int_equal(purge(&f, 1600000160, flow, 1), 0);
	file_is("out/2020/1226.csv", "SRC_IP,PACKETS,BYTES\n192.0.2.1,1,100\n192.0.2.1,1,7\n");
	file_is("links/latest.csv", "SRC_IP,PACKETS,BYTES\n192.0.2.2,1,50\n");	/* still the newest */
	assert_int_equal(stat("out/2020/1226.csv", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	end(&f);
}

static void
an_older_run_is_overwritten_unless_append(void **state)
{
	struct timespec old[2] = { { .tv_sec = 1500000000 }, { .tv_sec = 1500000000 } };
	struct flow flow = a_flow(1, 1, 1, 100, 1600000000);

	(void)state;
	for (unsigned append = 0; append < 2; append++) {
		struct fixture f;
		FILE *file;

		begin(&f, "src_host", "rows.csv");
		set(&f, "print_output_file_append", append ? "true" : "false");
		file = fopen("rows.csv", "w");
		fputs("from before\n", file);
		fclose(file);
		assert_int_equal(utimensat(AT_FDCWD, "rows.csv", old, 0), 0);
		open_print(&f);
		assert_int_equal(purge(&f, 1600000100, &flow, 1), 0);
		assert_int_equal(purge(&f, 1600000200, &flow, 1), 0);
		file_is("rows.csv", append ? "from before\n192.0.2.1,1,100\n192.0.2.1,1,100\n" :
		    "SRC_IP,PACKETS,BYTES\n192.0.2.1,1,100\n192.0.2.1,1,100\n");
		end(&f);
	}
}

static void
rows_go_to_the_file_of_their_exporter(void **state)
{
	struct flow flow[3] = { a_flow(1, 1, 1, 10, 1600000000), a_flow(2, 1, 1, 20, 1600000000),
	    a_flow(3, 1, 1, 30, 1600000000) };
	struct fixture f;

	(void)state;
	begin(&f, "src_host, peer_src_ip", "by/$peer_src_ip.csv");
	set(&f, "print_output_separator", "|");
	open_print(&f);
	flow[1].peer_src_ip = addr_of_v4(0xcb007102u);
	assert_int_equal(purge(&f, 1600000100, flow, 3), 0);
	file_is("by/203_0_113_1.csv", "PEER_SRC_IP|SRC_IP|PACKETS|BYTES\n"
	    "203.0.113.1|192.0.2.1|1|10\n203.0.113.1|192.0.2.3|1|30\n");
	file_is("by/203_0_113_2.csv", "PEER_SRC_IP|SRC_IP|PACKETS|BYTES\n"
	    "203.0.113.2|192.0.2.2|1|20\n");
	end(&f);
}

static void
a_failed_write_leaves_nothing_behind(void **state)
{
	struct flow flow[2] = { a_flow(1, 1, 1, 10, 1600000000), a_flow(2, 1, 1, 20, 1600000000) };
	struct fixture f;

	(void)state;
	begin(&f, "src_host, peer_src_ip", "$peer_src_ip/rows.csv");
	open_print(&f);
	assert_int_equal(purge(&f, 1600000100, flow, 1), 0);	/* 203_0_113_1/rows.csv is there */
	flow[1].peer_src_ip = addr_of_v4(0xcb007102u);
	assert_int_equal(close(open("203_0_113_2", O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(purge(&f, 1600000200, flow, 2), -1);	/* the second is no folder */
	file_is("203_0_113_1/rows.csv",
	    "PEER_SRC_IP,SRC_IP,PACKETS,BYTES\n203.0.113.1,192.0.2.1,1,10\n");
	assert_int_equal(unlink("203_0_113_2"), 0);
	assert_int_equal(purge(&f, 1600000200, flow, 2), 0);
	file_is("203_0_113_1/rows.csv", "PEER_SRC_IP,SRC_IP,PACKETS,BYTES\n"
	    "203.0.113.1,192.0.2.1,1,10\n203.0.113.1,192.0.2.1,1,10\n");
	file_is("203_0_113_2/rows.csv",
	    "PEER_SRC_IP,SRC_IP,PACKETS,BYTES\n203.0.113.2,192.0.2.2,1,20\n");
	end(&f);
}

static void
a_full_disk_takes_rows_back(void **state)
{
	struct flow flow = a_flow(1, 1, 1, 10, 1600000000);
	struct fixture f;

	(void)state;
	begin(&f, "src_host", "rows.csv");
	open_print(&f);
	assert_int_equal(symlink("/dev/full", "rows.csv"), 0);
	assert_int_equal(purge(&f, 1600000100, &flow, 1), -1);
	end(&f);
}

static void
markers_stand_around_each_purge(void **state)
{
	struct flow flow = a_flow(1, 1, 1, 10, 1600000000);
	struct sbuf want = { 0 };
	struct fixture f;

	(void)state;
	begin(&f, "src_host", "rows.csv");
	set(&f, "print_markers", "true");
	open_print(&f);
	assert_int_equal(purge(&f, 1600000100, &flow, 1), 0);
	sbuf_printf(&want, "--START (%d)--\nSRC_IP,PACKETS,BYTES\n192.0.2.1,1,10\n--END (%d)--\n",
	    (int)getpid(), (int)getpid());
	file_is("rows.csv", sbuf_text(&want));
	end(&f);

	begin(&f, "src_host", "rows.json");
	f.row[1].value = "json";
	set(&f, "print_markers", "true");
	open_print(&f);
	assert_int_equal(purge(&f, 1600000100, &flow, 1), 0);
	sbuf_clear(&want);
	sbuf_printf(&want, "{\"event_type\": \"purge_init\", \"writer_id\": \"x/%d\"}\n"
	    "{\"event_type\": \"purge\", \"ip_src\": \"192.0.2.1\", \"packets\": 1, \"bytes\": 10}\n"
	    "{\"event_type\": \"purge_close\", \"writer_id\": \"x/%d\", \"purged_entries\": 1, "
	    "\"total_entries\": 1, \"duration\": 0}\n", (int)getpid(), (int)getpid());
	file_is("rows.json", sbuf_text(&want));
	sbuf_done(&want);
	end(&f);
}

static void
an_empty_file_where_wanted(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "src_host", "%H%M.csv");
	set(&f, "print_history", "1m");
	set(&f, "print_history_roundoff", "m");
	set(&f, "print_write_empty_file", "true");
	open_print(&f);
	assert_int_equal(purge(&f, 1600000030, NULL, 0), 0);
	file_is("1227.csv", "SRC_IP,PACKETS,BYTES\n");
	end(&f);
}

static void
a_fifo_is_written_as_one(void **state)
{
	struct flow flow = a_flow(1, 1, 1, 10, 1600000000);
	char room[128] = "";
	struct fixture f;
	int fd;

	(void)state;
	begin(&f, "src_host", "rows.fifo");
	assert_int_equal(mkfifo("rows.fifo", 0600), 0);
	fd = open("rows.fifo", O_RDONLY | O_NONBLOCK);
	open_print(&f);
	assert_int_equal(purge(&f, 1600000100, &flow, 1), 0);
	assert_true(read(fd, room, sizeof(room) - 1) > 0);
	assert_string_equal(room, "SRC_IP,PACKETS,BYTES\n192.0.2.1,1,10\n");
	close(fd);
	end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_purges_of_a_bin_share_its_file),
		cmocka_unit_test(an_older_run_is_overwritten_unless_append),
		cmocka_unit_test(rows_go_to_the_file_of_their_exporter),
		cmocka_unit_test(a_failed_write_leaves_nothing_behind),
		cmocka_unit_test(a_full_disk_takes_rows_back),
		cmocka_unit_test(markers_stand_around_each_purge),
		cmocka_unit_test(an_empty_file_where_wanted),
		cmocka_unit_test(a_fifo_is_written_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
