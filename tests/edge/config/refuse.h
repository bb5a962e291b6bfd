/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_EDGE_CONFIG_REFUSE_H
#define YETT_TESTS_EDGE_CONFIG_REFUSE_H

#include "edge/config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* One settings text and all that must be said of it. */
struct row {
    slice text;
    const char *says;
};

#define ROW(text, says)                                                                  \
    {                                                                                    \
        SLICE_INIT(text), says                                                           \
    }

static inline void assert_refused(const struct row *row)
{
    struct arena *arena = arena_new((size_t)8 << 20);
    struct config config = {.source = SLICE("untouched")};
    slice why = SLICE_NONE;
    enum yett_err err = config_file_parse(arena, row->text, "y.conf", &config, &why);
    if (err != YETT_BAD_SYNTAX || !slice_eq(why, slice_from_text(row->says))) {
        fail_msg("%.*s: %s: '%.*s', not '%s'", SLICE_ARG(row->text), yett_err_text(err),
                 SLICE_ARG(why), row->says);
    }
    assert_true(slice_eq(config.source, SLICE("untouched")));
    arena_free(arena);
}

#define ASSERT_ALL_REFUSED(rows)                                                         \
    do {                                                                                 \
        for (size_t i_ = 0; i_ < sizeof(rows) / sizeof((rows)[0]); i_++) {               \
            assert_refused(&(rows)[i_]);                                                 \
        }                                                                                \
    } while (0)

#endif
