/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may connect (bgp_daemon_allow_file) and with which key (bgp_daemon_md5_file). Both files are
 * small: a line per router.
 */
#ifndef WB_BGP_ACCESS_H
#define WB_BGP_ACCESS_H

#include "conf/allow.h"
#include "net/addr.h"
#include "net/tcp.h"

struct md5_key {
	struct addr peer;
	char key[TCP_MD5_KEY_MAX + 1];
};

struct access {
	struct allow *allow;		/* NULL: no file, everybody */
	struct md5_key *keys;
	size_t key_count;
};

/* NULL for a file that is not configured. -1 with all that is wrong noted, and *ret as it was. */
int	access_read(struct access *ret, const char *allow_file, const char *md5_file,
	    struct conf_notes *notes);
void	access_done(struct access *access);
bool	access_allows(const struct access *access, const struct addr *a);

/* Hand the keys to a listening socket; those of `old` (or NULL) that went are taken from it. */
int	access_sign(const struct access *access, const struct access *old, int fd, struct sbuf *err);

#endif
