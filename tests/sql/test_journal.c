/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal: what was put in comes out again, nothing of a torn segment is believed, and a
 * process that is killed at any moment leaves each purge in the database exactly once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/mem.h"
#include "out/journal.h"
#include "sql/output.h"
#include "support.h"

#define T0	1700000100

static const char *const wide[] = { "aggregate: src_host, src_port, as_path, label, in_iface, tag",
	"sql_history: 5m", "sql_history_roundoff: m", "sql_optimize_clauses: true",
	"sql_table_version: 9", NULL };

static struct journal *
open_journal(struct bench *b)
{
	struct journal_conf conf = { .dir = b->dir, .subject = "x/sqlite3" };
	struct sbuf err = { 0 };
	struct journal *j = journal_open(&conf, b->plan, b->names, &err);

	if (j == NULL)
		print_message("%s\n", sbuf_text(&err));
	assert_non_null(j);
	sbuf_done(&err);
	return j;
}

static const struct plan_field *
field_of(const struct plan *plan, const char *word)
{
	for (size_t i = 0; i < plan->fields; i++)
		if (strcmp(plan->field[i].prim->word, word) == 0)
			return &plan->field[i];
	return NULL;
}

/* Rows with names and with values by reference; what they are goes by their number. */
static void
add_wide(struct bench *b, struct bintab *tab, uint32_t n)
{
	const struct plan_field *path = field_of(b->plan, "as_path"), *label;
	struct bintab *plain = bintab_new(b->plan);
	struct valtab *values = valtab_new();
	struct rowset rs;
	uint64_t *rows;

	label = field_of(b->plan, "label");
	bench_add(b, plain, 0, n, T0);
	bintab_all(plain, &rs);
	rows = mem_dup(rs.row, rs.rows * rs.stride * sizeof(*rows));
	for (uint32_t i = 0; i < n; i++) {
		uint8_t segment[6] = { 2, 1, 0, 0, 0xfd, (uint8_t)(i % 50) };
		char text[16];
		uint32_t id = valtab_put(values, segment, sizeof(segment));

		memcpy((char *)(rows + i * rs.stride) + path->at, &id, 4);
		snprintf(text, sizeof(text), "name %u", i % 9);
		id = names_put(b->names, text, strlen(text));
		memcpy((char *)(rows + i * rs.stride) + label->at, &id, 4);
	}
	rs.row = rows;
	rs.values = values;
	bintab_add_rows(tab, &rs);
	mem_free(rows);
	valtab_free(values);
	bintab_free(plain);
}

/* The rows as sorted text, whatever their ids. */
static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *
table_text(struct bench *b, const struct bintab *tab)
{
	struct sbuf all = { 0 };
	struct rowset rs;
	char **line;

	bintab_all(tab, &rs);
	line = mem_array(rs.rows + 1, sizeof(*line));
	for (size_t i = 0; i < rs.rows; i++) {
		struct sbuf row = { 0 };

		sbuf_printf(&row, "%llu", (unsigned long long)rs.row[i * rs.stride]);
		for (size_t f = 0; f < b->plan->fields; f++) {
			struct value v;

			rowset_value(&rs, i, &b->plan->field[f], &v);
			sbuf_char(&row, '|');
			value_rows[v.type].text(&v, &b->env.style, &row);
		}
		for (size_t c = 0; c < b->plan->counters; c++)
			sbuf_printf(&row, "|%llu", (unsigned long long)
			    rs.row[i * rs.stride + b->plan->key_words + c]);
		line[i] = row.text;
	}
	qsort(line, rs.rows, sizeof(*line), by_text);
	sbuf_str(&all, "");
	for (size_t i = 0; i < rs.rows; i++) {
		sbuf_printf(&all, "%s\n", line[i]);
		mem_free(line[i]);
	}
	mem_free(line);
	return all.text;
}

/* The folder of the only plan below the bench's folder. */
static void
find_file(struct bench *b, const char *pattern, char *room, size_t size)
{
	char command[160];
	FILE *f;

	snprintf(command, sizeof(command), "ls -d %s/*/%s 2>/dev/null | head -1", b->dir, pattern);
	f = popen(command, "r");
	if (f == NULL || fgets(room, (int)size, f) == NULL)
		room[0] = '\0';
	room[strcspn(room, "\n")] = '\0';
	if (f != NULL)
		pclose(f);
}

static void
batches_come_back(void **state)
{
	struct bintab *tab, *back;
	struct sbuf err = { 0 };
	struct journal *j;
	struct bench b;
	char *want, *have, instance[33];
	uint64_t seq, first;

	(void)state;
	bench_open(&b, wide);
	tab = bintab_new(b.plan);
	add_wide(&b, tab, 30000);		/* several blocks */
	j = open_journal(&b);
	assert_int_equal(journal_batch(j, tab, &first, &err), 0);
	snprintf(instance, sizeof(instance), "%s", journal_instance(j));
	journal_close(j);
	want = table_text(&b, tab);

	/* Another process, with other ids of names. */
	names_free(b.names);
	b.names = names_new(1000);
	b.env.style.names = b.names;
	names_put(b.names, "something else", 14);
	j = open_journal(&b);
	assert_string_equal(journal_instance(j), instance);
	back = bintab_new(b.plan);
	assert_true(journal_next(j, back, &seq));
	assert_int_equal(seq, first);
	have = table_text(&b, back);
	assert_string_equal(have, want);
	journal_ack(j, seq);
	assert_false(journal_next(j, back, &seq));
	journal_close(j);

	/* Acknowledged is gone, and its number is not used again. */
	j = open_journal(&b);
	assert_false(journal_next(j, back, &seq));
	assert_int_equal(journal_batch(j, tab, &seq, &err), 0);
	assert_int_equal(seq, first + 1);
	journal_close(j);
	mem_free(want);
	mem_free(have);
	bintab_free(tab);
	bintab_free(back);
	bench_close(&b);
}

static void
slices_are_taken_up_once(void **state)
{
	struct bintab *tab, *back;
	struct sbuf err = { 0 };
	struct journal *j;
	struct bench b;
	uint64_t seq;
	char from[160], command[400];

	(void)state;
	bench_open(&b, wide);
	tab = bintab_new(b.plan);
	back = bintab_new(b.plan);
	add_wide(&b, tab, 100);
	j = open_journal(&b);
	assert_int_equal(journal_slice(j, tab, &err), 0);
	assert_int_equal(journal_slice(j, tab, &err), 0);
	journal_close(j);

	/* Killed before the purge: both come back, and stay until a batch has them. */
	for (int again = 0; again < 2; again++) {
		bintab_clear(back);
		j = open_journal(&b);
		assert_int_equal(journal_recover(j, back), 200);
		assert_int_equal(bintab_rows(back), 100);
		assert_int_equal(bintab_sums(back).packets, 2 * bintab_sums(tab).packets);
		journal_close(j);
	}
	find_file(&b, "slice-*1.seg", from, sizeof(from));
	snprintf(command, sizeof(command), "cp %s %s.keep", from, from);
	assert_int_equal(system(command), 0);
	j = open_journal(&b);
	assert_int_equal(journal_batch(j, back, &seq, &err), 0);
	journal_close(j);

	/* Killed between the batch and the removal of the slices; then after the ack as well. */
	for (int acked = 0; acked < 2; acked++) {
		snprintf(command, sizeof(command), "cp %s.keep %s", from, from);
		assert_int_equal(system(command), 0);
		j = open_journal(&b);
		bintab_clear(back);
		assert_int_equal(journal_recover(j, back), 0);
		assert_int_equal(journal_next(j, back, &seq), acked == 0);
		if (acked == 0)
			journal_ack(j, seq);
		journal_close(j);
	}
	bintab_free(tab);
	bintab_free(back);
	bench_close(&b);
}

/* A segment cut off anywhere, or with any byte changed, gives no rows and is set aside. */
static void
torn_segments_give_nothing(void **state)
{
	struct bintab *tab, *back;
	struct sbuf err = { 0 };
	struct journal *j;
	struct bench b;
	uint8_t whole[8192], part[8192];
	char path[160], bad[170];
	uint64_t seq;
	ssize_t size;
	int fd;

	(void)state;
	bench_open(&b, wide);
	tab = bintab_new(b.plan);
	back = bintab_new(b.plan);
	add_wide(&b, tab, 12);
	j = open_journal(&b);
	assert_int_equal(journal_batch(j, tab, &seq, &err), 0);
	journal_close(j);
	find_file(&b, "batch-*.seg", path, sizeof(path));
	snprintf(bad, sizeof(bad), "%s.bad", path);
	fd = open(path, O_RDONLY);
	size = read(fd, whole, sizeof(whole));
	close(fd);
	assert_in_range(size, 500, 8000);
	for (ssize_t n = 0; n < 2 * size; n++) {
		ssize_t len = n < size ? n : size;

		memcpy(part, whole, (size_t)size);
		if (n >= size)
			part[n - size] ^= 0x10;
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		assert_int_equal(write(fd, part, (size_t)len), len);
		close(fd);
		j = open_journal(&b);
		assert_false(journal_next(j, back, &seq));
		assert_int_equal(bintab_rows(back), 0);
		assert_int_equal(counter_get(&journal_status(j)->bad), 1);
		journal_close(j);
		assert_int_equal(unlink(bad), 0);
	}
	bintab_free(tab);
	bintab_free(back);
	bench_close(&b);
}

/* A record of the acknowledgements that is torn: its batch comes again, the others do not. */
static void
torn_acks_are_cut_off(void **state)
{
	struct bintab *tab, *back;
	struct sbuf err = { 0 };
	struct bench b;
	char path[160], seg[160], command[400];
	uint64_t seq;

	(void)state;
	bench_open(&b, wide);
	tab = bintab_new(b.plan);
	back = bintab_new(b.plan);
	add_wide(&b, tab, 3);
	for (off_t left = 31; left >= 0; left--) {
		struct journal *j = open_journal(&b);
		uint64_t first, second;
		struct stat st;

		assert_int_equal(journal_batch(j, tab, &first, &err), 0);
		journal_ack(j, first);
		assert_int_equal(journal_batch(j, tab, &second, &err), 0);
		find_file(&b, "batch-*.seg", seg, sizeof(seg));
		snprintf(command, sizeof(command), "cp %s %s/kept", seg, b.dir);
		assert_int_equal(system(command), 0);
		journal_ack(j, second);
		journal_close(j);
		find_file(&b, "acked.log", path, sizeof(path));
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(truncate(path, st.st_size - 32 + left), 0);
		snprintf(command, sizeof(command), "cp %s/kept %s", b.dir, seg);
		assert_int_equal(system(command), 0);
		j = open_journal(&b);
		bintab_clear(back);
		assert_true(journal_next(j, back, &seq));
		assert_int_equal(seq, second);
		journal_ack(j, seq);
		assert_false(journal_next(j, back, &seq));
		journal_close(j);
	}
	bintab_free(tab);
	bintab_free(back);
	bench_close(&b);
}

static void
a_folder_is_used_by_one(void **state)
{
	struct journal_conf conf = { .subject = "x/sqlite3", .most_bytes = 2000 };
	struct bintab *tab;
	struct sbuf err = { 0 };
	struct journal *j;
	struct bench b;
	uint64_t seq;

	(void)state;
	bench_open(&b, wide);
	conf.dir = b.dir;
	j = journal_open(&conf, b.plan, b.names, &err);
	assert_non_null(j);
	assert_null(journal_open(&conf, b.plan, b.names, &err));
	assert_non_null(strstr(err.text, "in use by another process"));
	/* The bound. */
	sbuf_clear(&err);
	tab = bintab_new(b.plan);
	add_wide(&b, tab, 1000);
	assert_int_equal(journal_batch(j, tab, &seq, &err), -1);
	assert_non_null(strstr(err.text, "is full"));
	assert_int_equal(seq, 1);
	journal_close(j);
	conf.dir = "/proc/none";
	sbuf_clear(&err);
	assert_null(journal_open(&conf, b.plan, b.names, &err));
	sbuf_done(&err);
	bintab_free(tab);
	bench_close(&b);
}

/* --- killed at any moment ------------------------------------------------------------------------- */

#define KILLS		25
#define ROWS		300		/* of a purge */

static const char *const plain[] = { "aggregate: src_host, in_iface", "sql_optimize_clauses: true",
	"sql_table_version: 9", NULL };

struct writing {
	void *self;
	struct purge purge;
	struct sbuf err;
};

static int
write_bin(const struct rowset *rs, void *ctx)
{
	struct writing *w = ctx;

	return out_sqlite3.write(w->self, &w->purge, rs, &w->err);
}

static void
send_batch(struct journal *j, void *self, struct bintab *tab, uint64_t seq)
{
	struct writing w = { .self = self, .purge = { .seq = seq, .now = wall_of_sec(T0),
		.instance = journal_instance(j) } };

	while (bintab_each(tab, write_bin, &w) != 0)
		usleep(1000);
	sbuf_done(&w.err);
	journal_ack(j, seq);
}

/* Each purge has rows of its own; it is promised once the journal has it. Never comes back. */
static void
purge_until_killed(struct bench *b, bool last)
{
	char path[128];
	struct sbuf err = { 0 };
	struct journal *j = open_journal(b);
	void *self = out_sqlite3.open(&b->env, &err);
	struct bintab *tab = bintab_new(b->plan);
	uint64_t seq, k;
	int fd;

	snprintf(path, sizeof(path), "%s/promised", b->dir);
	fd = open(path, O_RDWR | O_CREAT | O_APPEND, 0600);
	while (journal_next(j, tab, &seq)) {
		send_batch(j, self, tab, seq);
		bintab_clear(tab);
	}
	while (!last) {
		bintab_clear(tab);
		k = arc4random() % 4000000;
		bench_add(b, tab, (uint32_t)k * 1000, ROWS, T0);
		if (journal_batch(j, tab, &seq, &err) != 0 ||
		    write(fd, &k, sizeof(k)) != (ssize_t)sizeof(k))
			_exit(1);
		send_batch(j, self, tab, seq);
	}
	out_sqlite3.close(self);
	journal_close(j);
	bintab_free(tab);
	_exit(0);
}

static uint64_t
promised(struct bench *b)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/promised", b->dir);
	return stat(path, &st) == 0 ? (uint64_t)st.st_size / 8 : 0;
}

static void
killed_purges_land_once(void **state)
{
	struct bench b;
	int64_t batches;
	pid_t pid;
	int status;

	(void)state;
	bench_open(&b, plain);
	for (int i = 0; i < KILLS; i++) {
		pid = fork();
		if (pid == 0)
			purge_until_killed(&b, false);
		usleep(5000 + (useconds_t)(arc4random() % 60000));
		assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	pid = fork();
	if (pid == 0)
		purge_until_killed(&b, true);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	batches = bench_number(b.db, "SELECT count(*) FROM waybill_ledger");
	print_message("%llu purges promised, %lld in the ledger, %d kills\n",
	    (unsigned long long)promised(&b), (long long)batches, KILLS);
	/* Each promise is kept; a purge killed before it was promised may have landed as well. */
	assert_true(batches >= (int64_t)promised(&b));
	assert_true(batches <= (int64_t)promised(&b) + KILLS);
	assert_true(promised(&b) > 0);
	assert_int_equal(bench_number(b.db, "SELECT (SELECT sum(packets) FROM acct_v9) = "
	    "(SELECT sum(packets) FROM waybill_ledger)"), 1);
	assert_int_equal(bench_number(b.db, "SELECT count(DISTINCT seq) = count(*) AND "
	    "count(DISTINCT instance) = 1 FROM waybill_ledger"), 1);
	assert_int_equal(bench_number(b.db, "SELECT min(rows) = 300 AND max(rows) = 300 FROM "
	    "waybill_ledger"), 1);
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches_come_back),
		cmocka_unit_test(slices_are_taken_up_once),
		cmocka_unit_test(torn_segments_give_nothing),
		cmocka_unit_test(torn_acks_are_cut_off),
		cmocka_unit_test(a_folder_is_used_by_one),
		cmocka_unit_test(killed_purges_land_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
