/* SPDX-License-Identifier: BSD-2-Clause */
/* Logs of changes and dumps of tables, as the configuration asks for them. Control's own. */
#ifndef WB_WAYBILLD_FEEDS_H
#define WB_WAYBILLD_FEEDS_H

#include "rib/changes.h"
#include "waybilld/daemon.h"

struct feeds;

/* After saved routes were read, before sessions. With a RIB; NULL where nothing is asked for. */
struct feeds *feeds_start(struct daemon *d, const struct conf *conf);
void	feeds_tick(struct feeds *f);		/* once a second; NULL is fine, as below */
void	feeds_flush(struct feeds *f);		/* some times a second */
/* New maps of a reload, by kind of teller: for what is made from here on. Shares them. */
void	feeds_use_tags(struct feeds *f, struct tagmap *const tags[TELLER_KINDS]);
void	feeds_reopen(struct feeds *f);
void	feeds_bmp(void *feeds, const struct bmp_event *e);	/* for struct bmp_conf */
void	feeds_stop(struct feeds *f);		/* after sessions have ended, before the RIB */
struct changes *feeds_changes(struct feeds *f);	/* for further readers; they leave before feeds_stop */
void	feeds_describe(const struct feeds *f, struct json *j);

#endif
