/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

#define LINES_MOST	32

void
bench_open(struct bench *b, const char *const *lines)
{
	bench_open_as(b, "sqlite3", lines);
}

void
bench_open_as(struct bench *b, const char *type, const char *const *lines)
{
	const char *host = getenv("WB_SQL_HOST");
	char type_line[64], db_line[128], state_line[128], host_line[256];
	const char *all[LINES_MOST] = { type_line, db_line, state_line, host_line };
	struct conf_notes notes = { 0 };
	struct sbuf text = { 0 };
	const char *extra = getenv("WB_SQL_EXTRA");
	size_t n = 4;

	if (extra != NULL)
		all[n++] = extra;
	*b = (struct bench){ .names = names_new(1000) };
	snprintf(b->dir, sizeof(b->dir), "%s/wb-sql-XXXXXX",
	    getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	if (mkdtemp(b->dir) == NULL)
		abort();
	snprintf(b->db, sizeof(b->db), "%s/acct.db", b->dir);
	snprintf(type_line, sizeof(type_line), "plugins: %s[x]", type);
	snprintf(db_line, sizeof(db_line), "sql_db: %s", strcmp(type, "sqlite3") == 0 ? b->db : "pmacct");
	snprintf(host_line, sizeof(host_line), "sql_host: %s", host != NULL ? host : "localhost");
	snprintf(state_line, sizeof(state_line), "state_dir: %s", b->dir);
	for (; *lines != NULL && n < LINES_MOST; lines++)
		all[n++] = *lines;
	b->conf = conf_read(CONF_WAYBILLD, NULL, all, n, &notes);
	if (b->conf != NULL)
		b->plan = plan_compile(b->conf, 0, wall_of_sec(1700000000), &notes);
	if (b->plan == NULL) {
		conf_notes_print(&notes, &text);
		fprintf(stderr, "the test's configuration is wrong: %s", sbuf_text(&text));
		abort();
	}
	conf_notes_done(&notes);
	b->env = (struct out_env){
		.conf = b->conf,
		.name = "x",
		.type = type,
		.plan = b->plan,
		.names = b->names,
		.subject = "x",
		.style = {
			.names = b->names,
			.as_path_separator = '_',
			.utc = true,
			.num_protos = conf_bool(b->conf, 0, "num_protos"),
			.num_hosts = conf_bool(b->conf, 0, "sql_num_hosts"),
			.epoch = conf_bool(b->conf, 0, "timestamps_since_epoch"),
		},
	};
}

void
bench_close(struct bench *b)
{
	char command[128];

	plan_free(b->plan);
	conf_free(b->conf);
	names_free(b->names);
	snprintf(command, sizeof(command), "rm -rf '%s'", b->dir);
	if (system(command) != 0)
		abort();
}

struct flow
bench_flow(uint32_t i, int64_t start_s)
{
	struct flow f = {
		.src = addr_of_v4(0x0a000000u + i),
		.dst = addr_of_v4(0xc6336401u),
		.packets = i + 1,
		.bytes = 100 * (uint64_t)(i + 1),
		.flows = 1,
		.src_port = (uint16_t)(1000 + i % 50000),
		.dst_port = 443,
		.proto = 6,
		.tcp_flags = (uint8_t)(1u << i % 5),
		.in_iface = 7,
		.has = FLOW_HAS_START | FLOW_HAS_BYTES | FLOW_HAS_PACKETS,
		.start = wall_of_sec(start_s),
		.end = wall_of_sec(start_s),
		.arrival = wall_of_sec(start_s),
		.peer_src_ip = addr_of_v4(0xc0000200u + i % 3),
	};

	f.r.src_host = f.src;
	f.r.dst_host = f.dst;
	f.r.src_port = f.src_port;
	f.r.dst_port = f.dst_port;
	f.r.proto = f.proto;
	f.r.src_as = 65000 + i % 7;
	f.r.dst_as = 64999;
	f.r.tag = i % 4;
	return f;
}

void
bench_add(struct bench *b, struct bintab *tab, uint32_t from, uint32_t n, int64_t start_s)
{
	uint64_t key[PLAN_KEY_WORDS], late = 0, *row;
	size_t stride = b->plan->key_words + b->plan->counters;
	struct rowset rs = { .plan = b->plan, .stride = stride };

	row = mem_array(n + 1, stride * sizeof(*row));
	for (uint32_t i = 0; i < n; i++) {
		struct flow f = bench_flow(from + i, start_s);
		uint64_t *to = row + i * stride;

		plan_pack(b->plan, 0, &f, 1, key, &late);
		memcpy(to, key, b->plan->key_words * sizeof(*key));
		for (size_t c = 0; c < b->plan->counters; c++) {
			uint64_t *n_to = &to[b->plan->key_words + c];

			switch (b->plan->counter[c]) {
			case EC_BYTES:
				*n_to = f.bytes;
				break;
			case EC_PACKETS:
				*n_to = f.packets;
				break;
			case EC_FLOWS:
				*n_to = 1;
				break;
			case EC_TCP_FLAGS:
				*n_to = f.tcp_flags;
				break;
			}
		}
		rs.bytes += f.bytes;
		rs.packets += f.packets;
		rs.flows++;
	}
	rs.row = row;
	rs.rows = n;
	bintab_add_rows(tab, &rs);
	mem_free(row);
}

char *
bench_rows(const char *db, const char *sql)
{
	struct sbuf out = { 0 };
	sqlite3 *c = NULL;
	sqlite3_stmt *st = NULL;

	sbuf_str(&out, "");
	if (sqlite3_open(db, &c) == SQLITE_OK) {
		sqlite3_busy_timeout(c, 20000);
		if (sqlite3_prepare_v2(c, sql, -1, &st, NULL) != SQLITE_OK)
			sbuf_str(&out, sqlite3_errmsg(c));
		while (st != NULL && sqlite3_step(st) == SQLITE_ROW)
			for (int i = 0, n = sqlite3_column_count(st); i < n; i++) {
				const char *text = (const char *)sqlite3_column_text(st, i);

				sbuf_printf(&out, "%s%s", text != NULL ? text : "NULL",
				    i + 1 < n ? "|" : "\n");
			}
	}
	sqlite3_finalize(st);
	sqlite3_close(c);
	return out.text;
}

int64_t
bench_number(const char *db, const char *sql)
{
	char *text = bench_rows(db, sql), *end;
	int64_t n = strtoll(text, &end, 10);

	if (end == text)
		n = -1;
	mem_free(text);
	return n;
}

void
bench_sql(const char *db, const char *sql)
{
	sqlite3 *c;
	char *err = NULL;

	if (sqlite3_open(db, &c) != SQLITE_OK || sqlite3_exec(c, sql, NULL, NULL, &err) != SQLITE_OK) {
		fprintf(stderr, "%s: %s\n", sql, err != NULL ? err : sqlite3_errmsg(c));
		abort();
	}
	sqlite3_close(c);
}
