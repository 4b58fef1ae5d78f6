/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Value types whose values are bytes: AS paths, communities, stacks of MPLS labels. How an AS path or
 * a community is spelled is rib/attr.h's; here is only what separates them, and arrays in JSON.
 */
#include <string.h>

#include "agg/value_priv.h"

/* The text split at its separators, as an array of strings. */
static void
json_split(struct json *j, const char *name, const char *text, char separator)
{
	json_array(j, name);
	while (*text != '\0') {
		size_t len = strcspn(text, (const char[]){ separator, '\0' });

		if (len > 0)
			json_text(j, NULL, text, len);
		text += len + (text[len] != '\0');
	}
	json_end(j, ']');
}

static void
json_list(const struct value *v, const struct value_style *style, const char *name, bool array,
    struct json *j)
{
	struct sbuf text = { 0 };

	if (!array) {
		value_json_text(v, style, name, j);
		return;
	}
	value_rows[v->type].text(v, style, &text);
	json_split(j, name, sbuf_text(&text), style->as_path_separator);
	sbuf_done(&text);
}

void
value_aspath_text(const struct value *v, const struct value_style *style, struct sbuf *out)
{
	aspath_text(out, v->bytes, v->len, style->as_path_separator);
}

void
value_aspath_json(const struct value *v, const struct value_style *style, const char *name,
    struct json *j)
{
	json_list(v, style, name, style->aspath_array, j);
}

void
value_comms_text(const struct value *v, const struct value_style *style, struct sbuf *out)
{
	char separator = style->as_path_separator;

	if (v->type == VT_COMMS)
		comms_text(out, v->bytes, v->len, separator, style->comms_num);
	else if (v->type == VT_ECOMMS)
		ecomms_text(out, v->bytes, v->len, separator, style->comms_num);
	else
		lcomms_text(out, v->bytes, v->len, separator);
}

void
value_comms_json(const struct value *v, const struct value_style *style, const char *name,
    struct json *j)
{
	json_list(v, style, name, style->comms_array, j);
}

/* Labels are u32 in host order, top first. */
static uint32_t
label_at(const struct value *v, size_t i)
{
	uint32_t label;

	memcpy(&label, v->bytes + i * sizeof(label), sizeof(label));
	return label;
}

void
value_labels_text(const struct value *v, const struct value_style *style, struct sbuf *out)
{
	(void)style;
	for (size_t i = 0; i < v->len / sizeof(uint32_t); i++) {
		if (i > 0)
			sbuf_char(out, '_');
		sbuf_u64(out, label_at(v, i));
	}
}

/* As an array each label has its place in front: "0-100". */
void
value_labels_json(const struct value *v, const struct value_style *style, const char *name,
    struct json *j)
{
	struct sbuf text = { 0 };

	if (!style->labels_array) {
		value_json_text(v, style, name, j);
		return;
	}
	json_array(j, name);
	for (size_t i = 0; i < v->len / sizeof(uint32_t); i++) {
		sbuf_clear(&text);
		sbuf_printf(&text, "%zu-%u", i, label_at(v, i));
		json_str(j, NULL, sbuf_text(&text));
	}
	json_end(j, ']');
	sbuf_done(&text);
}
