/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A template or options template, read from the wire, checked and compiled to programs. Belongs
 * to one source (exporter, version, domain); its id is its name there.
 */
#ifndef WB_FLOW_TEMPLATE_H
#define WB_FLOW_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/bytes.h"
#include "core/clock.h"
#include "flow/decode.h"
#include "flow/permute.h"

#define TEMPLATE_MOST_FIELDS	512
#define FIELD_VARIABLE		65535		/* RFC 7011 7 */

struct field_spec {
	uint32_t pen;			/* IE_PEN_SCOPE: a v9 scope type */
	uint16_t id;
	uint16_t len;
};

/* What start and end hold when the program has run. */
enum time_form { TIME_NONE, TIME_ABSOLUTE, TIME_UPTIME, TIME_DELTA };

struct template {
	uint16_t id;
	bool options;
	bool variable;			/* some field has variable length */
	uint16_t fields, scopes;
	uint32_t rec_len;		/* of a record; the least one where variable */
	struct program flow;		/* into struct flow and struct ie_extra */
	struct program option;		/* into struct ie_option; options templates only */
	struct permute *permute;	/* runs before `flow`, which has the rest; NULL: none */
	uint32_t has;			/* enum flow_has: the elements that are there */
	uint32_t option_has;		/* enum option_has */
	uint8_t kind;			/* enum flow_kind */
	uint8_t start_form, end_form;	/* enum time_form */
	bool labels;			/* MPLS labels are to be put in order */
	bool vlans;			/* some VLAN id is there */
	bool delay_sum;			/* some sum of delays is there */
	uint8_t lines;			/* of the flow's tail that its records write: flow_lines() */
	uint16_t ignored;		/* fields nobody reads */
	struct field_spec *spec;	/* `fields` of them, to walk variable records */
	uint8_t *wire;			/* as told: to see changes, and to save */
	uint32_t wire_len;
	mono_t told, used;
};

struct template_conf {
	uint16_t version;		/* 9 or 10: where start times count from */
	bool asa_bi_flow;
	enum permute_way permute;	/* other than PERMUTE_BEST: to compare */
};

/*
 * Read the field specifiers of one template from r (which stands behind its head) and compile
 * them. In IPFIX bit 15 announces an enterprise number. The first `scopes` of
 * the fields are scope fields. NULL where it cannot be used: too many fields, cut short, records
 * of no length; r then stands somewhere.
 */
struct template *template_read(struct rd *r, uint16_t id, bool options, uint16_t fields,
	    uint16_t scopes, const struct template_conf *conf);

/* The same from ready-made specifiers: for formats with fixed records. */
struct template *template_of(const struct field_spec *spec, uint16_t fields, uint16_t id,
	    const struct template_conf *conf);
void	template_free(struct template *t);

/*
 * Is what r has next t told again, word for word? Takes it from r if so. Routers tell their templates
 * every few seconds: this spares reading and compiling them.
 */
bool	template_repeats(const struct template *t, struct rd *r, bool options, uint16_t fields,
	    uint16_t scopes);
size_t	template_memory(const struct template *t);

/*
 * The places of a variable record's fields. Takes the record from r; -1 where it runs past the
 * end. at and len have room for t->fields.
 */
int	template_walk(const struct template *t, struct rd *r, const uint8_t **at, uint16_t *len);

/*
 * Decode n records of a template whose records have one length: the heads of to's flows begin as
 * proto's does, then the program runs. Their tails must be zero.
 */
void	template_decode(const struct template *t, const uint8_t *rec, unsigned n,
	    const struct flow *proto, const struct decode_to *to);

/* The same for one record of variable length, whose fields template_walk has found. */
void	template_decode_fields(const struct template *t, const uint8_t *const *at,
	    const uint16_t *len, const struct flow *proto, const struct decode_to *to);

#endif
