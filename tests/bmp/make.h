/* SPDX-License-Identifier: BSD-2-Clause */
/* BMP messages for tests, as RFC 7854 4 draws them. */
#ifndef WB_TESTS_BMP_MAKE_H
#define WB_TESTS_BMP_MAKE_H

#include "bmp/message.h"

struct make_route {
	const char *prefix, *next_hop;
	uint32_t as;			/* of the path; 0: withdraw */
	uint32_t local_pref;		/* 0: none */
	unsigned as_bytes;		/* 0: 4 */
	unsigned paths;			/* by so many, with ids from 1 on (RFC 7911); 0: one without */
};

/* A message: begin with its type, put what it has, end. */
size_t	make_begin(struct wr *w, uint8_t version, uint8_t type);
void	make_end(struct wr *w, size_t start);
void	make_peer(struct wr *w, const struct bmp_peer_header *h);
void	make_tlv(struct wr *w, uint16_t type, const char *text);
void	make_open(struct wr *w, uint32_t as, uint32_t id);
void	make_update(struct wr *w, const struct make_route *route);	/* NULL: End-of-RIB, IPv4 */

/* Whole messages. */
void	make_initiation(struct wr *w, const char *sysname);
void	make_termination(struct wr *w, uint16_t reason);
void	make_peer_up(struct wr *w, const struct bmp_peer_header *h, uint32_t local_as, uint32_t local_id);
void	make_peer_down(struct wr *w, const struct bmp_peer_header *h, uint8_t reason);
void	make_monitoring(struct wr *w, const struct bmp_peer_header *h, const struct make_route *route);

#endif
