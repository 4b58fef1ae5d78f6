/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of outputs share: configurations from rows, slices from flows, a small RIB. */
#ifndef WB_TESTS_OUT_SUPPORT_H
#define WB_TESTS_OUT_SUPPORT_H

#include "conf/conf.h"
#include "out/output.h"

struct bench {
	struct conf *conf;
	struct plan *plan;
	struct names *names;
	struct epoch *epoch;
	struct epoch_reader *reader;
	struct out_env env;
};

/* A key of the configuration; value NULL: left out. */
struct key {
	const char *word, *value;
};

/* The configuration of one `print` output (`memory` with imt_path); { 0 } ends it. */
void	bench_open(struct bench *b, const struct key *key);
void	bench_close(struct bench *b);

/* A closed slice of these flows. */
struct slice *bench_slice(struct bench *b, const struct flow *flow, unsigned n);

/* A flow: hosts 192.0.2.src and 198.51.100.dst, TCP from port 1000 + src to 443. */
struct flow a_flow(uint8_t src, uint8_t dst, uint64_t packets, uint64_t bytes, int64_t start_s);

/* The whole file, or NULL. The caller frees. */
char	*file_text(const char *path);

#endif
