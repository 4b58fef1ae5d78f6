/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading vrf_map: a line for each VRF, or several, whose imports then add up. */
#include <string.h>

#include "conf/mapfile.h"
#include "core/mem.h"
#include "rib/vrfmap.h"

#define WORDS	8

struct line {
	const char *path;
	unsigned number;
	uint64_t rd;
	bool has_rd;
	char *import;
};

static void
take_word(struct line *line, const struct mapword *word, struct conf_notes *notes)
{
	if (strcmp(word->key, "import") == 0)
		line->import = word->value;
	else if (strcmp(word->key, "rd") != 0)
		conf_note(notes, CONF_NOTE_ERROR, line->path, line->number,
		    "this map has no key '%s': there are rd and import", word->key);
	else if (rd_parse_any(word->value, &line->rd) != 0 || line->rd == 0 || line->rd >> 48 > 2)
		conf_note(notes, CONF_NOTE_ERROR, line->path, line->number,
		    "rd=%s: expected a route distinguisher as 0:65000:1", word->value);
	else
		line->has_rd = true;
}

static void
take_imports(struct vrfmap *map, const struct line *line, struct conf_notes *notes)
{
	char *save = NULL;
	uint64_t rt;

	for (char *w = strtok_r(line->import, ",", &save); w != NULL; w = strtok_r(NULL, ",", &save))
		if (rt_parse(w, &rt) != 0)
			conf_note(notes, CONF_NOTE_ERROR, line->path, line->number,
			    "import=%s: expected a route target as 65000:100", w);
		else if (vrfmap_add(map, line->rd, rt) != 0)
			conf_note(notes, CONF_NOTE_ERROR, line->path, line->number,
			    "there are %d VRFs already", VRFS_MOST);
}

static void
take_line(struct vrfmap *map, struct mapfile *mf, char *text, unsigned number,
    struct conf_notes *notes)
{
	struct line line = { .path = mapfile_path(mf), .number = number };
	struct mapword word[WORDS];
	size_t errors = notes->errors;
	int words = mapfile_words(mf, text, word, ARRAY_LEN(word), notes);

	for (int i = 0; i < words; i++)
		take_word(&line, &word[i], notes);
	if (notes->errors > errors)
		return;
	if (!line.has_rd || line.import == NULL)
		conf_note(notes, CONF_NOTE_ERROR, line.path, number, "%s is missing",
		    line.has_rd ? "import=" : "rd=");
	else
		take_imports(map, &line, notes);
}

struct vrfmap *
vrfmap_load(const char *path, struct conf_notes *notes)
{
	struct mapfile *mf = mapfile_open(path, notes);
	size_t errors = notes->errors;
	struct vrfmap *map;
	unsigned number;
	char *text;

	if (mf == NULL)
		return NULL;
	map = vrfmap_new();
	while ((text = mapfile_line(mf, &number)) != NULL)
		take_line(map, mf, text, number, notes);
	mapfile_close(mf);
	vrfmap_seal(map);
	if (notes->errors == errors)
		return map;
	vrfmap_free(map);
	return NULL;
}
