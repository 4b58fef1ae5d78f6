/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BGP messages: the frame around all of them, and the small ones. Pure functions from bytes to
 * values and back. RFC 4271 4.1, 4.4, 4.5, 6.1; RFC 2918 (ROUTE-REFRESH); RFC 9003 (the text of a
 * shutdown).
 */
#ifndef WB_BGP_MESSAGE_H
#define WB_BGP_MESSAGE_H

#include "core/bytes.h"
#include "core/sbuf.h"

#define BGP_HEADER_LEN	19		/* marker, length, type */
#define BGP_MESSAGE_MAX	4096
#define BGP_MESSAGE_EXTENDED	65535	/* where agreed on, RFC 8654 */

enum bgp_type {
	BGP_OPEN = 1, BGP_UPDATE = 2, BGP_NOTIFICATION = 3, BGP_KEEPALIVE = 4, BGP_REFRESH = 5,
};

/* Codes of NOTIFICATION, RFC 4271 4.5 and 6; the subcodes that are used here. */
enum bgp_error {
	BGP_ERR_HEADER = 1, BGP_ERR_OPEN = 2, BGP_ERR_UPDATE = 3, BGP_ERR_HOLD = 4, BGP_ERR_FSM = 5,
	BGP_ERR_CEASE = 6, BGP_ERR_REFRESH = 7, BGP_ERR_SEND_HOLD = 8,
};
enum { HEADER_NOT_SYNCHRONIZED = 1, HEADER_BAD_LENGTH = 2, HEADER_BAD_TYPE = 3 };
enum {
	OPEN_UNSPECIFIC = 0, OPEN_VERSION = 1, OPEN_PEER_AS = 2, OPEN_ID = 3, OPEN_PARAMETER = 4,
	OPEN_HOLD_TIME = 6, OPEN_ROLE = 11,
};
enum {
	UPDATE_ATTR_LIST = 1, UPDATE_UNKNOWN_WELL_KNOWN = 2, UPDATE_MISSING = 3, UPDATE_FLAGS = 4,
	UPDATE_LENGTH = 5, UPDATE_ORIGIN = 6, UPDATE_NEXT_HOP = 8, UPDATE_OPTIONAL = 9,
	UPDATE_NETWORK = 10, UPDATE_AS_PATH = 11,
};
enum {
	CEASE_MAX_ROUTES = 1, CEASE_SHUTDOWN = 2, CEASE_DECONFIGURED = 3, CEASE_REJECTED = 5, CEASE_COLLISION = 7,
	CEASE_RESOURCES = 8,
};

/* What was wrong: for the neighbour as code, subcode and data; for people as a sentence. */
struct bgp_fault {
	uint8_t code, subcode;
	uint8_t data_len;
	uint8_t data[64];
	const char *why;		/* with the rule; a constant text */
	uint32_t value;			/* the number that broke it */
};

struct bgp_message {
	uint8_t type;			/* enum bgp_type */
	size_t len;			/* of the whole message */
	struct rd body;			/* behind the header; borrowed */
};

/*
 * The first message of a stream of which `len` bytes are there. 1: a whole one, 0: more bytes are
 * needed, -1: the stream is broken. A bad header is seen as soon as its 19 bytes are there.
 * most: the longest message allowed, BGP_MESSAGE_MAX or BGP_MESSAGE_EXTENDED.
 */
int	bgp_frame(const uint8_t *bytes, size_t len, size_t most, struct bgp_message *ret,
	    struct bgp_fault *ret_fault);

const char *bgp_type_name(uint8_t type);

/* NOTIFICATION. The data is borrowed. -1 for fewer than two bytes. */
struct bgp_notification {
	uint8_t code, subcode;
	const uint8_t *data;
	size_t data_len;
};

int	notification_decode(struct rd body, struct bgp_notification *ret);
/* "Cease, Administrative Shutdown, saying "..."", foreign text quoted. */
void	notification_text(struct sbuf *b, const struct bgp_notification *n);

/* ROUTE-REFRESH, RFC 2918 3 and RFC 7313 3.2. */
enum { REFRESH_REQUEST = 0, REFRESH_BEGIN = 1, REFRESH_END = 2 };

struct bgp_refresh {
	uint16_t afi;
	uint8_t safi, subtype;
};

int	refresh_decode(struct rd body, struct bgp_refresh *ret, struct bgp_fault *ret_fault);

/* Whole messages into a writer. */
void	message_begin(struct wr *w, uint8_t type);	/* header, length still zero */
void	message_end(struct wr *w, size_t start);	/* start: wr_len() before message_begin */
void	keepalive_encode(struct wr *w);
void	notification_encode(struct wr *w, const struct bgp_fault *fault);
void	refresh_encode(struct wr *w, const struct bgp_refresh *refresh);

#endif
