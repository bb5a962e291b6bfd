/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/dmarc/dmarc.h"
#include "core/dmarc/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ARENA_BYTES = 4 * 1024 * 1024, TEXT_MAX = 64 * 1024 };

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(ARENA_BYTES);
    return arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct dmarc_record parse(const char *text, enum dmarc_standard standard)
{
    struct dmarc_record record;
    slice in = slice_from_text(text);
    assert_true(dmarc_is_record(in, standard));
    assert_int_equal(dmarc_parse_record(arena, in, standard, &record), YETT_OK);
    for (size_t i = 0; i < record.note_count; i++) {
        assert_true(record.notes[i].offset <= in.len);
        assert_true(record.notes[i].text.len != 0);
    }
    return record;
}

/* ---- v= -------------------------------------------------------------------------------- */

static void v_must_be_first_and_exactly_DMARC1(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_record;
        const char *why;
    } rows[] = {
        {"v=DMARC1",               true,  "alone"                               },
        {"v=DMARC1;",              true,  "with separator"                      },
        {"v=DMARC1; p=none",       true,  "usual"                               },
        {"v=DMARC1;p=none",        true,  "without space"                       },
        {"v = DMARC1 ; p=none",    true,  "white space around = and ;"          },
        {"v\t=\tDMARC1\t;p=none",  true,  "tabs are white space"                },
        {"V=DMARC1; p=none",       true,  "the name of a tag is an ABNF literal"},
        {"v=dmarc1; p=none",       false, "the value is case-sensitive"         },
        {"v=DMARC2; p=none",       false, "another version"                     },
        {"v=DMARC10; p=none",      false, "longer than the version"             },
        {"v=DMARC1 p=none",        false, "the separator is missing"            },
        {"v=DMARC1, p=none",       false, "another separator"                   },
        {"v=DMARC; p=none",        false, "shorter than the version"            },
        {"p=none; v=DMARC1",       false, "v= is not first"                     },
        {"; v=DMARC1; p=none",     false, "an empty tag is first"               },
        {" v=DMARC1; p=none",      false, "the record begins with v"            },
        {"v==DMARC1; p=none",      false, "two ="                               },
        {"v=",                     false, "no value"                            },
        {"v",                      false, "no ="                                },
        {"",                       false, "nothing"                             },
        {"p=none",                 false, "no v="                               },
        {"v=spf1 -all",            false, "SPF"                                 },
        {"\"v=DMARC1; p=none\"",   false, "quotes that belong to the zone file" },
        {"version=DMARC1; p=none", false, "another tag"                         },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        slice text = slice_from_text(rows[i].text);
        for (int standard = DMARC_RFC9989; standard <= DMARC_RFC7489; standard++) {
            if (dmarc_is_record(text, (enum dmarc_standard)standard) !=
                rows[i].is_record) {
                fail_msg("%s: %s", rows[i].why, rows[i].text);
            }
        }
    }
}

/* ---- all tags in a line ---------------------------------------------------------------- */

static const char *letter(enum dmarc_psd psd)
{
    switch (psd) {
    case DMARC_PSD_YES:
        return "y";
    case DMARC_PSD_NO:
        return "n";
    case DMARC_PSD_UNKNOWN:
        break;
    }
    return "u";
}

/* "p/sp/np adkim aspf psd t pct fo rua ruf +notes", with "none!" and "void!" in front. */
static slice summary(const struct dmarc_record *record)
{
    struct buf buf;
    buf_init(&buf, arena, TEXT_MAX);
    buf_printf(&buf, "%s%s/%s/%s %c%c %s%s %u %u", record->falls_to_none ? "none! " : "",
               dmarc_policy_text(record->p), dmarc_policy_text(record->sp),
               dmarc_policy_text(record->np), record->strict_dkim ? 's' : 'r',
               record->strict_spf ? 's' : 'r', letter(record->psd),
               record->testing ? " t" : "", record->pct, record->failure_options);
    for (size_t i = 0; i < record->rua_count; i++) {
        buf_add_text(&buf, i == 0 ? " rua " : ",");
        buf_add(&buf, record->rua[i]);
    }
    for (size_t i = 0; i < record->ruf_count; i++) {
        buf_add_text(&buf, i == 0 ? " ruf " : ",");
        buf_add(&buf, record->ruf[i]);
    }
    buf_add_text(&buf, record->unusable ? " void!" : "");
    if (record->note_count != 0) {
        buf_printf(&buf, " +%zu@%zu", record->note_count, record->notes[0].offset);
    }
    assert_int_equal(buf_err(&buf), YETT_OK);
    return buf_slice(&buf);
}

struct row {
    const char *text;
    const char *summary;
    const char *why;
};

static void check_rows(const struct row *rows, size_t count, enum dmarc_standard standard)
{
    for (size_t i = 0; i < count; i++) {
        struct dmarc_record record = parse(rows[i].text, standard);
        slice got = summary(&record);
        if (!slice_eq(got, slice_from_text(rows[i].summary))) {
            fail_msg("%s: %s\n  want %s\n   got %.*s", rows[i].why, rows[i].text,
                     rows[i].summary, SLICE_ARG(got));
        }
    }
}

#define CHECK(rows, standard) check_rows(rows, sizeof(rows) / sizeof((rows)[0]), standard)

static void tags_of_rfc9989(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"v=DMARC1; p=reject",                                     "reject/reject/reject rr u 100 1",         "sp and np fall to p"                },
        {"v=DMARC1; p=reject; sp=quarantine",                      "reject/quarantine/quarantine rr u 100 1",
         "np falls to sp"                                                                                                                          },
        {"v=DMARC1; p=reject; sp=quarantine; np=none",
         "reject/quarantine/none rr u 100 1",                                                                 "each its own"                       },
        {"v=DMARC1; p=none; np=reject",                            "none/none/reject rr u 100 1",             "np alone"                           },
        {"v=DMARC1; np=reject; sp=none; p=quarantine",
         "quarantine/none/reject rr u 100 1",                                                                 "the order behind v= does not matter"},
        {"v=DMARC1;p=reject;adkim=s;aspf=s;psd=y;t=y",
         "reject/reject/reject ss y t 100 1",                                                                 "letters"                            },
        {"v=DMARC1;p=reject;adkim=r;aspf=r;psd=n;t=n",             "reject/reject/reject rr n 100 1",
         "the defaults, said"                                                                                                                      },
        {"v=DMARC1;p=reject;psd=u",                                "reject/reject/reject rr u 100 1",         "psd=u"                              },
        {"v=DMARC1; P=Reject; ADKIM=S; PSD=Y; T=Y",                "reject/reject/reject sr y t 100 1",
         "ABNF literals have no case"                                                                                                              },
        {"v=DMARC1 ;\tp =\treject ; ",                             "reject/reject/reject rr u 100 1",
         "white space around = and ;"                                                                                                              },
        {"v=DMARC1; p=reject;",                                    "reject/reject/reject rr u 100 1",
         "a separator at the end"                                                                                                                  },
        {"v=DMARC1; p=reject; pct=0",                              "reject/reject/reject rr u 100 1 +1@20",
         "pct is historic: ignored"                                                                                                                },
        {"v=DMARC1; p=reject; rf=afrf; ri=3600",                   "reject/reject/reject rr u 100 1 +2@20",
         "rf and ri are historic: ignored"                                                                                                         },
        {"v=DMARC1; p=reject; x=y; foo=bar",                       "reject/reject/reject rr u 100 1 +2@20",
         "unknown tags MUST be ignored"                                                                                                            },
        {"v=DMARC1; p=reject; adkim=x; aspf=strict; psd=q; t=yes",
         "reject/reject/reject rr u 100 1 +4@20",                                                             "bad values give way to defaults"    },
        {"v=DMARC1; p=reject; p=none",                             "reject/reject/reject rr u 100 1 +1@20",
         "the first of two counts"                                                                                                                 },
        {"v=DMARC1; p=reject; v=DMARC1",                           "reject/reject/reject rr u 100 1 +1@20",
         "v= again is no second version"                                                                                                           },
        {"v=DMARC1; p=reject; sp=",                                "reject/reject/reject rr u 100 1 +1@20",
         "an empty value is ignored"                                                                                                               },
        {"v=DMARC1; p=; p=reject",                                 "reject/reject/reject rr u 100 1 +1@10",
         "an empty value is not the first of its name"                                                                                             },
        {"v=DMARC1;; p=reject",                                    "reject/reject/reject rr u 100 1 +1@9",    "an empty tag"                       },
        {"v=DMARC1; p=reject; what is this",                       "reject/reject/reject rr u 100 1 +1@20",
         "a piece without ="                                                                                                                       },
        {"v=DMARC1; p=reject; =x",                                 "reject/reject/reject rr u 100 1 +1@20",
         "a tag without a name"                                                                                                                    },
    };
    CHECK(rows, DMARC_RFC9989);
}

static void a_policy_that_cannot_be_used(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"v=DMARC1",                                                "none/none/none rr u 100 1 void! +1@0",  "no p= and no rua="           },
        {"v=DMARC1; rua=mailto:d@example.org",
         "none! none/none/none rr u 100 1 rua mailto:d@example.org +1@0",                                    "no p= but rua=: as if p=none"},
        {"v=DMARC1; p=block; rua=mailto:d@example.org",
         "none! none/none/none rr u 100 1 rua mailto:d@example.org +1@10",                                   "no such policy, rua="        },
        {"v=DMARC1; p=block",                                       "none/none/none rr u 100 1 void! +1@10", "no such policy"              },
        {"v=DMARC1; p=reject; sp=maybe; rua=mailto:d@example.org",
         "none! none/none/none rr u 100 1 rua mailto:d@example.org +1@20",                                   "a bad sp="                   },
        {"v=DMARC1; p=reject; np=maybe",                            "none/none/none rr u 100 1 void! +1@20",
         "a bad np="                                                                                                                       },
        {"v=DMARC1; p=block; rua=d@example.org",                    "none/none/none rr u 100 1 void! +2@10",
         "rua= without a scheme is none"                                                                                                   },
        {"v=DMARC1; p=reject; sp=rej\001ect",                       "none/none/none rr u 100 1 void! +2@20",
         "an octet that no value has"                                                                                                      },
        {"v=DMARC1; p=reject none",                                 "none/none/none rr u 100 1 void! +1@10", "two words"                   },
        {"v=DMARC1; rua=mailto:d@example.org; adkim=s; psd=n; t=y",
         "none! none/none/none sr n t 100 1 rua mailto:d@example.org +1@0",                                  "the other tags stay"         },
    };
    CHECK(rows, DMARC_RFC9989);
}

static void tags_of_rfc7489(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"v=DMARC1; p=reject; pct=50",                               "reject/reject/reject rr u 50 1",        "pct"                                 },
        {"v=DMARC1; p=reject; pct=0",                                "reject/reject/reject rr u 0 1",         "pct=0"                               },
        {"v=DMARC1; p=reject; pct=100",                              "reject/reject/reject rr u 100 1",       "pct=100"                             },
        {"v=DMARC1; p=reject; pct=101",                              "reject/reject/reject rr u 100 1 +1@20",
         "over 100"                                                                                                                                 },
        {"v=DMARC1; p=reject; pct=-1",                               "reject/reject/reject rr u 100 1 +1@20",
         "no number"                                                                                                                                },
        {"v=DMARC1; p=reject; pct=0050",                             "reject/reject/reject rr u 100 1 +1@20",
         "four digits"                                                                                                                              },
        {"v=DMARC1; p=reject; pct=50%",                              "reject/reject/reject rr u 100 1 +1@20",
         "a sign too many"                                                                                                                          },
        {"v=DMARC1; p=reject; np=none; psd=y; t=y",
         "reject/reject/reject rr u 100 1 +3@20",                                                             "tags that came later are unknown"    },
        {"v=DMARC1; p=reject; np=maybe",                             "reject/reject/reject rr u 100 1 +1@20",
         "an unknown tag cannot make the policy unusable"                                                                                           },
        {"v=DMARC1; p=reject; rf=afrf; ri=3600",                     "reject/reject/reject rr u 100 1",
         "rf and ri are known"                                                                                                                      },
        {"v=DMARC1; p=reject; sp=maybe",                             "none/none/none rr u 100 1 void! +1@20",
         "a bad sp="                                                                                                                                },
        {"v=DMARC1; rua=mailto:d@example.org",
         "none! none/none/none rr u 100 1 rua mailto:d@example.org +1@0",                                     "no p="                               },
        {"v=DMARC1; sp=none; p=reject",                              "reject/none/none rr u 100 1 +1@10",
         "p= not directly behind v= is noted"                                                                                                       },
        {"v=DMARC1; p=none; ruf=mailto:d@example.org; fo=0 : 1 : d",
         "none/none/none rr u 100 7 ruf mailto:d@example.org",                                                "white space in fo=, 0 and 1 together"},
    };
    CHECK(rows, DMARC_RFC7489);
}

static void failure_options(void **state)
{
    (void)state;
    static const struct {
        const char *fo;
        unsigned options;
        bool noted;
    } rows[] = {
        {"0",     1,  false},
        {"1",     2,  false},
        {"d",     4,  false},
        {"s",     8,  false},
        {"D:S",   12, false},
        {"1:d:s", 14, false},
        {"d:1:s", 14, false},
        {"d:s:0", 13, false},
        {"0:1",   1,  true }, /* exclude each other */
        {"d:d",   1,  true }, /* each at most once */
        {"1 : d", 1,  true }, /* no white space */
        {"x",     1,  true },
        {"1:",    1,  true },
        {":1",    1,  true },
        {"1d",    1,  true },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        slice text = arena_printf(
            arena, "v=DMARC1; p=none; ruf=mailto:d@example.org; fo=%s", rows[i].fo);
        struct dmarc_record record = parse(text.ptr, DMARC_RFC9989);
        if (record.failure_options != rows[i].options ||
            (record.note_count != 0) != rows[i].noted) {
            fail_msg("fo=%s gives %u", rows[i].fo, record.failure_options);
        }
    }
}

static void fo_must_be_ignored_without_ruf(void **state)
{
    (void)state;
    struct dmarc_record record = parse("v=DMARC1; p=none; fo=1:d:s", DMARC_RFC9989);
    assert_int_equal(record.failure_options, DMARC_FO_ALL);
    assert_int_equal(record.note_count, 1);
}

/* ---- addresses ------------------------------------------------------------------------- */

static void report_addresses(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"v=DMARC1;p=none;rua=mailto:a@example.org,mailto:b@example.net",
         "none/none/none rr u 100 1 rua mailto:a@example.org,mailto:b@example.net",     "two"                              },
        {"v=DMARC1;p=none;rua=mailto:a@example.org , mailto:b@example.net ",
         "none/none/none rr u 100 1 rua mailto:a@example.org,mailto:b@example.net",     "white space around the comma"     },
        {"v=DMARC1;p=none;rua=mailto:a@example.org!10m,https://x.example/r!5",
         "none/none/none rr u 100 1 rua mailto:a@example.org,https://x.example/r",      "a size limit is dropped"          },
        {"v=DMARC1;p=none;rua=mailto:a@example.org!10x",
         "none/none/none rr u 100 1 +1@20",                                             "no size: the ! had to be encoded" },
        {"v=DMARC1;p=none;rua=mailto:a!b@example.org!10m",
         "none/none/none rr u 100 1 +1@20",                                             "another ! had to be encoded"      },
        {"v=DMARC1;p=none;rua=,mailto:a@example.org,,",
         "none/none/none rr u 100 1 rua mailto:a@example.org +3@16",                    "empty ones"                       },
        {"v=DMARC1;p=none;rua=postmaster@example.org,mailto:a@example.org",
         "none/none/none rr u 100 1 rua mailto:a@example.org +1@20",                    "the unreadable one is passed over"},
        {"v=DMARC1;p=none;ruf=mailto:a@example.org;rua=mailto:b@example.org",
         "none/none/none rr u 100 1 rua mailto:b@example.org ruf mailto:a@example.org", "both kinds"                       },
    };
    CHECK(rows, DMARC_RFC9989);
}

static void uris(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        bool good;
    } rows[] = {
        {"mailto:dmarc@example.org",           true },
        {"MAILTO:dmarc@example.org",           true },
        {"mailto:dmarc+x@example.org",         true },
        {"mailto:a%2Cb@example.org",           true },
        {"mailto:a%21b@example.org",           true },
        {"mailto:a@example.org?subject=x%20y", true },
        {"https://example.org/report",         true },
        {"http://example.org:8080/report?a=b", true },
        {"https://user@example.org/",          true },
        {"ftp://example.org/x",                true },
        {"urn:example:x",                      true },
        {"x-y+z.1:w",                          true },
        {"https://example.org/#part",          true },
        {"mailto:",                            false},
        {"mailto:example.org",                 false},
        {"mailto:@example.org",                false},
        {"mailto:a@",                          false},
        {"mailto:a@b@example.org",             false},
        {"mailto:a@example..org",              false},
        {"mailto:a@.example.org",              false},
        {"mailto:a@example.org.",              false},
        {"mailto: a@example.org",              false},
        {"mailto:a b@example.org",             false},
        {"mailto:<a@example.org>",             false},
        {"mailto:a%2@example.org",             false},
        {"mailto:a%zz@example.org",            false},
        {"mailto:\303\244@example.org",        false},
        {"https:example.org",                  false},
        {"https://",                           false},
        {"https:///path",                      false},
        {"https://example.org/#a#b",           false},
        {"1x:y",                               false},
        {"x_y:z",                              false},
        {":x",                                 false},
        {"x:",                                 false},
        {"x:#y",                               false},
        {"x",                                  false},
        {"",                                   false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *fault = dmarc_uri_fault(slice_from_text(rows[i].uri));
        if ((fault == NULL) != rows[i].good) {
            fail_msg("\"%s\": %s", rows[i].uri, fault == NULL ? "taken" : fault);
        }
    }
}

/* ---- notes, bounds --------------------------------------------------------------------- */

static void a_note_names_the_words_and_where_they_stand(void **state)
{
    (void)state;
    struct dmarc_record record = parse(
        "v=DMARC1; p=reject; sp=qurantine; rua=mailto:d@example.org", DMARC_RFC9989);
    assert_int_equal(record.note_count, 1);
    assert_int_equal(record.notes[0].offset, 20);
    assert_true(
        slice_eq(record.notes[0].text,
                 SLICE("\"sp=qurantine\" is none of none, quarantine and reject")));
    assert_true(record.bad_sp);
    assert_false(record.has_sp);
}

static void a_note_never_holds_raw_octets(void **state)
{
    (void)state;
    struct dmarc_record record =
        parse("v=DMARC1; p=reject; \033[31m=\r\n", DMARC_RFC9989);
    assert_int_equal(record.note_count, 1);
    for (size_t i = 0; i < record.notes[0].text.len; i++) {
        assert_true((unsigned char)record.notes[0].text.ptr[i] >= 0x20);
    }
}

static void a_record_of_nothing_but_oddities_has_a_bounded_number_of_notes(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, arena, TEXT_MAX);
    buf_add_text(&buf, "v=DMARC1; p=reject");
    for (int i = 0; i < 4000; i++) {
        buf_add_text(&buf, ";x=y");
    }
    buf_add_byte(&buf, '\0');
    struct dmarc_record record = parse(buf_slice(&buf).ptr, DMARC_RFC9989);
    assert_int_equal(record.note_count, 16);
    assert_int_equal(record.p, DMARC_POLICY_REJECT);
}

static void every_prefix_of_a_record_can_be_read(void **state)
{
    (void)state;
    slice text =
        SLICE("v=DMARC1; p=reject; sp=none; np=quarantine; adkim=s; psd=n; t=y; "
              "rua=mailto:a@example.org!1k, https://b.example/; ruf=x:y; fo=1:d:s");
    for (size_t length = 0; length <= text.len; length++) {
        slice cut = slice_first(text, length);
        struct dmarc_record record;
        if (dmarc_is_record(cut, DMARC_RFC9989)) {
            assert_true(length >= 8);
            assert_int_equal(dmarc_parse_record(arena, cut, DMARC_RFC9989, &record),
                             YETT_OK);
            assert_int_equal(record.has_p, length >= 18);
        }
    }
}

static void a_full_arena_is_no_memory(void **state)
{
    (void)state;
    slice text = SLICE("v=DMARC1; p=reject; rua=mailto:a@example.org; x=y");
    struct arena *small = arena_new(64);
    struct dmarc_record record;
    assert_int_equal(dmarc_parse_record(small, text, DMARC_RFC9989, &record),
                     YETT_NO_MEMORY);
    arena_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v_must_be_first_and_exactly_DMARC1),
        cmocka_unit_test(tags_of_rfc9989),
        cmocka_unit_test(a_policy_that_cannot_be_used),
        cmocka_unit_test(tags_of_rfc7489),
        cmocka_unit_test(failure_options),
        cmocka_unit_test(fo_must_be_ignored_without_ruf),
        cmocka_unit_test(report_addresses),
        cmocka_unit_test(uris),
        cmocka_unit_test(a_note_names_the_words_and_where_they_stand),
        cmocka_unit_test(a_note_never_holds_raw_octets),
        cmocka_unit_test(a_record_of_nothing_but_oddities_has_a_bounded_number_of_notes),
        cmocka_unit_test(every_prefix_of_a_record_can_be_read),
        cmocka_unit_test(a_full_arena_is_no_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
