/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that have a file of their own; see struct command. ctx is the daemon. */
#ifndef WB_WAYBILLD_COMMANDS_H
#define WB_WAYBILLD_COMMANDS_H

#include "waybilld/daemon.h"

/* bmp.c: what BMP adds to `peers` and `status`. */
void	routers_json(const struct daemon *d, struct json *j);
void	routers_text(const struct daemon *d, struct sbuf *out);
void	bmp_status_json(const struct daemon *d, struct json *j);
void	bmp_status_text(const struct daemon *d, struct sbuf *out);

int	run_status(void *ctx, int argc, char **argv, bool json, struct sbuf *out);
int	run_peers(void *ctx, int argc, char **argv, bool json, struct sbuf *out);
int	run_lglass(void *ctx, int argc, char **argv, bool json, struct sbuf *out);
int	run_forget(void *ctx, int argc, char **argv, bool json, struct sbuf *out);
int	run_explain(void *ctx, int argc, char **argv, bool json, struct sbuf *out);
int	begin_exporters(void *ctx, int argc, char **argv, bool json, struct answer *a,
	    struct sbuf *out);
int	begin_top(void *ctx, int argc, char **argv, bool json, struct answer *a, struct sbuf *out);
int	begin_rib(void *ctx, int argc, char **argv, bool json, struct answer *a, struct sbuf *out);
int	begin_import(void *ctx, int argc, char **argv, bool json, struct answer *a,
	    struct sbuf *out);
int	begin_export(void *ctx, int argc, char **argv, bool json, struct answer *a,
	    struct sbuf *out);

/* What they share, in routes.c. */
struct table;
struct teller *find_teller(const struct daemon *d, const struct addr *a);	/* or NULL */
/* Every match of an address, or the longest ones only, of one teller or all (NULL). */
int	answer_matches(struct daemon *d, const struct addr *a, const struct teller *teller,
	    bool longest, bool json, struct sbuf *out);
/* PREFIX, PEER, NEXT HOP, LOCAL_PREF, MED, AS PATH, COMMUNITIES; a reader's where not control's. */
void	put_route_cells(struct table *tab, const struct rib *rib, const struct prefix *prefix,
	    const struct teller_info *info, uint32_t path);

#endif
