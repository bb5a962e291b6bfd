/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/authres/authres.h"
#include "core/authres/line.h"

/* Received-SPF (RFC 7208 section 9.1). */

static void put_pair(struct line *line, const char *key, slice value, bool *first)
{
    struct item item = {.len = 0};
    if (slice_is_empty(value)) {
        return;
    }
    item_add_text(&item, key);
    item_add_text(&item, "=");
    if (!item_add_word(&item, value)) {
        return; /* cut short it would name somebody else */
    }
    if (!*first) {
        line_put_semicolon(line);
    }
    *first = false;
    line_put(line, &item);
}

void authres_write_received_spf(struct buf *buf, const struct authres_received_spf *spf)
{
    const struct {
        const char *key;
        slice value;
    } pairs[] = {
        {"receiver",      spf->receiver     },
        {"identity",      spf->identity     },
        {"client-ip",     spf->client_ip    },
        {"envelope-from", spf->envelope_from},
        {"helo",          spf->helo         },
        {"mechanism",     spf->mechanism    },
        {"problem",       spf->problem      },
    };
    struct line line;
    struct item item = {.len = 0};
    bool first = true;

    line_begin(&line, buf, "Received-SPF");
    item_add_keyword(&item, spf->result);
    line_put(&line, &item);
    if (!slice_is_empty(spf->comment)) {
        item.len = 0;
        item_add_comment(&item, spf->comment);
        line_put(&line, &item);
    }
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        put_pair(&line, pairs[i].key, pairs[i].value, &first);
    }
    line_end(&line);
}
