/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dns/dns.h"
#include "core/update/case.h"
#include "core/update/vectors.h"

enum { TXT = 16, SOA = 6, A = 1, OPT = 41, IN = 1, NONE = 254, ANY = 255 };

/* ---- messages that nobody of ours would write -------------------------------------- */

static struct buf message;

static void u16(unsigned value)
{
    buf_add_byte(&message, (char)(unsigned char)(value >> 8));
    buf_add_byte(&message, (char)(unsigned char)value);
}

static void head(unsigned flags, unsigned zones, unsigned prerequisites, unsigned updates,
                 unsigned additional)
{
    buf_init(&message, arena, 1 << 20);
    u16(0x1234);
    u16(flags);
    u16(zones);
    u16(prerequisites);
    u16(updates);
    u16(additional);
}

static void zone(const char *name, unsigned type, unsigned class)
{
    dns_name_to_wire(&message, slice_from_text(name));
    u16(type);
    u16(class);
}

static void tail(unsigned type, unsigned class, unsigned ttl_s, slice rdata)
{
    u16(type);
    u16(class);
    u16(0);
    u16(ttl_s);
    u16((unsigned)rdata.len);
    buf_add(&message, rdata);
}

static void rr(const char *name, unsigned type, unsigned class, unsigned ttl_s,
               slice rdata)
{
    dns_name_to_wire(&message, slice_from_text(name));
    tail(type, class, ttl_s, rdata);
}

static const char dmarc[] = "_dmarc.example.com";
static const slice old_value = SLICE_INIT("\3old");
static const slice new_value = SLICE_INIT("\3new");

/* A good beginning: what follows are `prerequisites` and `updates` records. */
static void good_head(unsigned prerequisites, unsigned updates)
{
    head(0x2800, 1, prerequisites, updates, 0);
    zone("example.com", SOA, IN);
}

static void good_whole(void)
{
    good_head(1, 2);
    rr(dmarc, TXT, IN, 0, old_value);
    rr(dmarc, TXT, NONE, 0, old_value);
    rr(dmarc, TXT, IN, 60, new_value);
}

static void response(void)
{
    good_whole();
    message.ptr[2] = (char)0xa8;
}

static void query(void)
{
    good_whole();
    message.ptr[2] = 0;
}

static void reserved_bit(void)
{
    good_whole();
    message.ptr[3] = 0x10;
}

static void no_zone(void)
{
    head(0x2800, 0, 1, 1, 0);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
    rr(dmarc, TXT, IN, 60, new_value);
}

static void two_zones(void)
{
    head(0x2800, 2, 1, 1, 0);
    zone("example.com", SOA, IN);
    zone("example.org", SOA, IN);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
    rr(dmarc, TXT, IN, 60, new_value);
}

static void zone_by_another_type(void)
{
    head(0x2800, 1, 1, 1, 0);
    zone("example.com", TXT, IN);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
    rr(dmarc, TXT, IN, 60, new_value);
}

static void zone_of_another_class(void)
{
    head(0x2800, 1, 1, 1, 0);
    zone("example.com", SOA, 3);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
    rr(dmarc, TXT, IN, 60, new_value);
}

static void no_prerequisite(void)
{
    good_head(0, 1);
    rr(dmarc, TXT, IN, 60, new_value);
}

static void no_update(void)
{
    good_head(1, 0);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
}

static void additional_record(void)
{
    head(0x2800, 1, 1, 1, 1);
    zone("example.com", SOA, IN);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
    rr(dmarc, TXT, IN, 60, new_value);
    rr("", OPT, 1232, 0, SLICE_NONE);
}

static void value_independent_prerequisite(void) /* section 2.4.1 */
{
    good_head(1, 1);
    rr(dmarc, TXT, ANY, 0, SLICE_NONE);
    rr(dmarc, TXT, IN, 60, new_value);
}

static void name_in_use(void) /* section 2.4.4 */
{
    good_head(1, 1);
    rr(dmarc, ANY, ANY, 0, SLICE_NONE);
    rr(dmarc, TXT, IN, 60, new_value);
}

static void prerequisite_of_another_name(void)
{
    good_head(1, 1);
    rr("_dmarc.example.org", TXT, NONE, 0, SLICE_NONE);
    rr(dmarc, TXT, IN, 60, new_value);
}

static void both_kinds_of_prerequisite(void)
{
    good_head(2, 1);
    rr(dmarc, TXT, IN, 0, old_value);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
    rr(dmarc, TXT, IN, 60, new_value);
}

static void prerequisite_with_a_ttl(void)
{
    good_head(1, 1);
    rr(dmarc, TXT, IN, 5, old_value);
    rr(dmarc, TXT, IN, 60, new_value);
}

static void nonexistence_with_data(void)
{
    good_head(1, 1);
    rr(dmarc, TXT, NONE, 0, old_value);
    rr(dmarc, TXT, IN, 60, new_value);
}

static void prerequisite_twice(void)
{
    good_head(2, 1);
    rr(dmarc, TXT, IN, 0, old_value);
    rr(dmarc, TXT, IN, 0, old_value);
    rr(dmarc, TXT, IN, 60, new_value);
}

static void delete_the_rrset(void) /* section 2.5.2 */
{
    good_head(1, 1);
    rr(dmarc, TXT, IN, 0, old_value);
    rr(dmarc, TXT, ANY, 0, SLICE_NONE);
}

static void delete_the_name(void) /* section 2.5.3 */
{
    good_head(1, 1);
    rr(dmarc, TXT, IN, 0, old_value);
    rr(dmarc, ANY, ANY, 0, SLICE_NONE);
}

static void delete_what_was_not_named(void)
{
    good_head(1, 1);
    rr(dmarc, TXT, IN, 0, old_value);
    rr(dmarc, TXT, NONE, 0, new_value);
}

static void delete_twice(void)
{
    good_head(1, 2);
    rr(dmarc, TXT, IN, 0, old_value);
    rr(dmarc, TXT, NONE, 0, old_value);
    rr(dmarc, TXT, NONE, 0, old_value);
}

static void delete_with_a_ttl(void)
{
    good_head(1, 1);
    rr(dmarc, TXT, IN, 0, old_value);
    rr(dmarc, TXT, NONE, 60, old_value);
}

static void update_of_another_name(void)
{
    good_head(1, 1);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
    rr("www.example.com", TXT, IN, 60, new_value);
}

static void a_second_update_of_another_name(void)
{
    good_head(1, 2);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
    rr(dmarc, TXT, IN, 60, new_value);
    rr("www.example.com", TXT, IN, 60, new_value);
}

static void update_of_another_type(void)
{
    good_head(1, 1);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
    rr(dmarc, A, IN, 60, SLICE("\x7f\0\0\1"));
}

static void update_of_another_class(void)
{
    good_head(1, 1);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
    rr(dmarc, TXT, 3, 60, new_value);
}

static void add_what_is_there(void)
{
    good_head(1, 1);
    rr(dmarc, TXT, IN, 0, old_value);
    rr(dmarc, TXT, IN, 60, old_value);
}

static void delete_and_add_the_same(void)
{
    good_head(1, 2);
    rr(dmarc, TXT, IN, 0, old_value);
    rr(dmarc, TXT, NONE, 0, old_value);
    rr(dmarc, TXT, IN, 60, old_value);
}

static void add_before_delete(void)
{
    good_head(1, 2);
    rr(dmarc, TXT, IN, 0, old_value);
    rr(dmarc, TXT, IN, 60, new_value);
    rr(dmarc, TXT, NONE, 0, old_value);
}

static void two_times_to_live(void)
{
    good_head(1, 2);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
    rr(dmarc, TXT, IN, 60, old_value);
    rr(dmarc, TXT, IN, 61, new_value);
}

static void malformed_value(void)
{
    good_head(1, 1);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
    rr(dmarc, TXT, IN, 60, SLICE("\4new"));
}

static void compressed_name(void)
{
    good_head(1, 1);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
    buf_add(&message, SLICE("\6_dmarc\xc0\x0c"));
    tail(TXT, IN, 60, new_value);
}

static void upper_case_name(void)
{
    good_head(1, 1);
    rr("_DMARC.example.com", TXT, NONE, 0, SLICE_NONE);
    rr("_DMARC.example.com", TXT, IN, 60, new_value);
}

static void label_with_a_dot(void)
{
    good_head(1, 1);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
    buf_add(&message, SLICE("\x12_dmarc.example.com\0"));
    tail(TXT, IN, 60, new_value);
}

static void name_outside_the_zone(void)
{
    good_head(1, 1);
    rr("_dmarc.example.org", TXT, NONE, 0, SLICE_NONE);
    rr("_dmarc.example.org", TXT, IN, 60, new_value);
}

static void trailing_octet(void)
{
    good_whole();
    buf_add_byte(&message, '\0');
}

static void too_many_records(void)
{
    good_head(1, 2 * UPDATE_VALUES_MAX + 1);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
    for (unsigned i = 0; i <= 2 * UPDATE_VALUES_MAX; i++) {
        char value[] = {1, (char)i};
        rr(dmarc, TXT, IN, 60, slice_of(value, 2));
    }
}

static void more_values_than_a_name_may_have(void)
{
    good_head(1, UPDATE_VALUES_MAX + 1);
    rr(dmarc, TXT, NONE, 0, SLICE_NONE);
    for (unsigned i = 0; i <= UPDATE_VALUES_MAX; i++) {
        char value[] = {1, (char)i};
        rr(dmarc, TXT, IN, 60, slice_of(value, 2));
    }
}

static void what_we_would_not_write_is_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        void (*make)(void);
        const char *word;
    } rows[] = {
        {response,                         "no request for an update"},
        {query,                            "no request for an update"},
        {reserved_bit,                     "no request for an update"},
        {no_zone,                          "exactly one zone"        },
        {two_zones,                        "exactly one zone"        },
        {zone_by_another_type,             "SOA and IN"              },
        {zone_of_another_class,            "SOA and IN"              },
        {no_prerequisite,                  "no prerequisite"         },
        {no_update,                        "changes nothing"         },
        {additional_record,                "beside the update"       },
        {value_independent_prerequisite,   "whole of a record set"   },
        {name_in_use,                      "another type than TXT"   },
        {prerequisite_of_another_name,     "more than one name"      },
        {both_kinds_of_prerequisite,       "whole of a record set"   },
        {prerequisite_with_a_ttl,          "form in which we write"  },
        {nonexistence_with_data,           "form in which we write"  },
        {prerequisite_twice,               "same record twice"       },
        {delete_the_rrset,                 "more than single records"},
        {delete_the_name,                  "another type than TXT"   },
        {delete_what_was_not_named,        "does not name"           },
        {delete_twice,                     "does not name"           },
        {delete_with_a_ttl,                "form in which we write"  },
        {update_of_another_name,           "more than one name"      },
        {a_second_update_of_another_name,  "more than one name"      },
        {update_of_another_type,           "another type than TXT"   },
        {update_of_another_class,          "more than single records"},
        {add_what_is_there,                "same record twice"       },
        {delete_and_add_the_same,          "changes nothing"         },
        {add_before_delete,                "form in which we write"  },
        {two_times_to_live,                "form in which we write"  },
        {malformed_value,                  "malformed data"          },
        {compressed_name,                  "compressed or malformed" },
        {upper_case_name,                  "form in which we write"  },
        {label_with_a_dot,                 "no text form"            },
        {name_outside_the_zone,            "not in its zone"         },
        {trailing_octet,                   "goes on behind"          },
        {too_many_records,                 "more records"            },
        {more_values_than_a_name_may_have, "more records of one name"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct update_change change = {.zone = SLICE("untouched")};
        const char *why = "nothing";
        rows[i].make();
        assert_int_equal(buf_err(&message), YETT_OK);
        enum yett_err err = update_parse(arena, buf_slice(&message), &change, &why);
        if (err != YETT_BAD_SYNTAX || strstr(why, rows[i].word) == NULL) {
            fail_msg("row %zu, \"%s\": %s, %s", i, rows[i].word, yett_err_text(err), why);
        }
        assert_true(slice_eq(change.zone, SLICE("untouched")));
    }
}

/* ---- and those we would ------------------------------------------------------------ */

static void what_was_written_is_read_back(void **state)
{
    (void)state;
    struct update_change change;
    const char *why = NULL;
    assert_int_equal(update_parse(arena, octets(replace_message), &change, &why),
                     YETT_OK);
    assert_true(slice_eq(change.zone, SLICE("example.com")));
    assert_true(slice_eq(change.name, SLICE("example.com")));
    assert_int_equal(change.before.count, 2);
    assert_int_equal(change.after.count, 2);
    assert_int_equal(change.after.ttl_s, 300);
    assert_true(slice_eq(change.after.values[0], SLICE("\7token=1")));
    assert_true(slice_eq(change.after.values[1], SLICE("\x0ev=spf1 mx -all")));
    assert_int_equal(update_parse(arena, octets(add_message), &change, &why), YETT_OK);
    assert_int_equal(change.before.count, 0);
    good_whole();
    assert_int_equal(update_parse(arena, buf_slice(&message), &change, &why), YETT_OK);
}

static void a_message_cut_anywhere_is_refused(void **state)
{
    (void)state;
    slice whole = octets(replace_message);
    struct update_change change;
    for (size_t length = 0; length < whole.len; length++) {
        const char *why = NULL;
        assert_int_equal(update_parse(arena, slice_first(whole, length), &change, &why),
                         YETT_BAD_SYNTAX);
        assert_non_null(why);
    }
}

static void a_signed_message_is_not_signed_again(void **state)
{
    (void)state;
    struct update_change change;
    const char *why = NULL;
    assert_int_equal(update_parse(arena, octets(add_signed_sha256), &change, &why),
                     YETT_BAD_SYNTAX);
    assert_string_equal(why, "it has records beside the update");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_we_would_not_write_is_refused_with_the_reason),
        TEST(what_was_written_is_read_back),
        TEST(a_message_cut_anywhere_is_refused),
        TEST(a_signed_message_is_not_signed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
