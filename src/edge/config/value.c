/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/config/value.h"

#include "core/base/date.h"
#include "core/base/num.h"
#include "core/domain/domain.h"
#include "edge/config/given.h"

enum { SECONDS_OF_DAY = 86400, PATH_OCTETS_MAX = 4095 };

static void *place(void *base, size_t offset)
{
    return (char *)base + offset;
}

void given_store(const struct given *given, const void *value, size_t size)
{
    memcpy(place(given->base, given->key->offset), value, size);
}

void given_store_flag(const struct given *given, bool flag)
{
    if (given->key->beside != 0) {
        memcpy(place(given->base, given->key->beside), &flag, sizeof(flag));
    }
}

enum yett_err given_expected(const struct given *given, const char *text)
{
    *given->expected = slice_from_text(text);
    return YETT_BAD_SYNTAX;
}

enum yett_err given_expected_buf(const struct given *given, const struct buf *buf)
{
    if (buf_err(buf) != YETT_OK) {
        return YETT_NO_MEMORY;
    }
    *given->expected = buf_slice(buf);
    return YETT_BAD_SYNTAX;
}

/* "is none of a, b, c", or "is neither a nor b". */
static enum yett_err expected_words(const struct given *given, const char *first)
{
    const struct key *key = given->key;
    const char *words[16];
    size_t count = 0;
    struct buf buf;

    if (first != NULL) {
        words[count++] = first;
    }
    for (unsigned i = 0; i < key->word_count; i++) {
        if ((key->allowed & 1u << i) != 0) {
            words[count++] = key->words[i];
        }
    }
    buf_init(&buf, given->arena, SENTENCE_MAX);
    buf_add_text(&buf, count == 2 ? "is neither " : "is none of ");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            buf_add_text(&buf, count == 2 ? " nor " : ", ");
        }
        buf_add_text(&buf, words[i]);
    }
    return given_expected_buf(given, &buf);
}

static bool find_word(const struct given *given, unsigned *out)
{
    for (unsigned i = 0; i < given->key->word_count; i++) {
        if ((given->key->allowed & 1u << i) != 0 &&
            slice_eq(given->text, slice_from_text(given->key->words[i]))) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* Every enum of struct config has the size of unsigned. */
static enum yett_err read_word(const struct given *given)
{
    unsigned value;
    if (!find_word(given, &value)) {
        return expected_words(given, NULL);
    }
    given_store(given, &value, sizeof(value));
    given_store_flag(given, true);
    return YETT_OK;
}

static enum yett_err read_treat_as(const struct given *given)
{
    unsigned value = CONFIG_ACCEPT;
    bool as_pass = slice_eq(given->text, SLICE("pass"));
    if (!as_pass && !find_word(given, &value)) {
        return expected_words(given, "pass");
    }
    given_store(given, &value, sizeof(value));
    given_store_flag(given, as_pass);
    return YETT_OK;
}

static enum yett_err read_bool(const struct given *given)
{
    bool value =
        slice_eq(given->text, SLICE("true")) || slice_eq(given->text, SLICE("yes"));
    if (!value && !slice_eq(given->text, SLICE("false")) &&
        !slice_eq(given->text, SLICE("no"))) {
        return given_expected(given, "is neither true nor false");
    }
    given_store(given, &value, sizeof(value));
    return YETT_OK;
}

enum yett_err given_check_length(const struct given *given)
{
    struct buf buf;
    if (given->text.len <= given->key->max) {
        return YETT_OK;
    }
    buf_init(&buf, given->arena, SENTENCE_MAX);
    buf_printf(&buf, "is longer than %u bytes", (unsigned)given->key->max);
    return given_expected_buf(given, &buf);
}

enum yett_err given_store_text(const struct given *given, slice text)
{
    slice copy;
    enum yett_err err = arena_copy(given->arena, text, &copy);
    if (err == YETT_OK) {
        given_store(given, &copy, sizeof(copy));
    }
    return err;
}

static enum yett_err take_domain(const struct given *given, slice *out)
{
    slice normal;
    enum yett_err err = domain_normalize(given->arena, given->text, &normal);
    if (err == YETT_BAD_SYNTAX) {
        return given_expected(given, "is no domain name such as mail.example.com");
    }
    return err == YETT_OK ? arena_copy(given->arena, normal, out) : err;
}

static enum yett_err read_domain(const struct given *given)
{
    slice domain;
    enum yett_err err = take_domain(given, &domain);
    if (err == YETT_OK) {
        given_store(given, &domain, sizeof(domain));
    }
    return err;
}

static enum yett_err read_text(const struct given *given)
{
    if (given->text.len == 0) {
        return given_expected(given, "is empty; a sentence is expected");
    }
    enum yett_err err = given_check_length(given);
    return err == YETT_OK ? given_store_text(given, given->text) : err;
}

static enum yett_err read_field_name(const struct given *given)
{
    const char *fault = config_field_name_fault(given->text);
    return fault == NULL ? given_store_text(given, given->text)
                         : given_expected(given, fault);
}

slice value_path(struct arena *arena, slice directory, slice path)
{
    struct buf buf;
    buf_init(&buf, arena, SIZE_MAX);
    if (!slice_starts_with(path, SLICE("/"))) {
        buf_add(&buf, directory);
    }
    buf_add(&buf, path);
    buf_add_byte(&buf, '\0');
    return buf_err(&buf) == YETT_OK
               ? slice_of(buf_slice(&buf).ptr, buf_slice(&buf).len - 1)
               : SLICE_NONE;
}

static enum yett_err read_path(const struct given *given)
{
    slice path = value_path(given->arena, given->directory, given->text);
    if (path.ptr == NULL) {
        return YETT_NO_MEMORY;
    }
    if (path.len > PATH_OCTETS_MAX) {
        return given_expected(given, "is longer than 4095 bytes from the root on");
    }
    given_store(given, &path, sizeof(path));
    return YETT_OK;
}

/* With a NUL behind it, for the system. */
static enum yett_err store_terminated(const struct given *given, const struct buf *buf)
{
    if (buf_err(buf) != YETT_OK) {
        return YETT_NO_MEMORY;
    }
    slice text = buf_slice(buf);
    text.len--;
    given_store(given, &text, sizeof(text));
    return YETT_OK;
}

static enum yett_err read_account(const struct given *given)
{
    const char *fault = config_account_fault(given->text);
    if (fault != NULL) {
        return given_expected(given, fault);
    }
    struct buf buf;
    buf_init(&buf, given->arena, SENTENCE_MAX);
    buf_add(&buf, given->text);
    buf_add_byte(&buf, '\0');
    return store_terminated(given, &buf);
}

static enum yett_err read_address(const struct given *given)
{
    struct config_address address;
    const char *fault = config_read_address(given->text, &address);
    if (fault != NULL) {
        return given_expected(given, fault);
    }
    struct buf buf;
    buf_init(&buf, given->arena, SENTENCE_MAX);
    config_write_address(&buf, &address);
    buf_add_byte(&buf, '\0');
    return store_terminated(given, &buf);
}

static enum yett_err read_resolver(const struct given *given)
{
    struct ip ip;
    uint64_t port = 53;
    size_t at = slice_find_byte(given->text, '@');
    bool has_port = at < given->text.len;
    if (ip_parse(slice_first(given->text, at), &ip) != YETT_OK ||
        (has_port &&
         num_parse_uint(slice_skip(given->text, at + 1), 65535, &port) != YETT_OK) ||
        port == 0) {
        return given_expected(
            given, "is no name server such as 192.0.2.53 or 2001:db8::53@5353");
    }
    return given_store_text(given, given->text);
}

static enum yett_err take_network(const struct given *given, struct ip_network *out)
{
    struct buf buf;
    if (ip_parse_network(given->text, out) != YETT_OK) {
        return given_expected(
            given, "is no address or network such as 192.0.2.0/24 or 2001:db8::/32");
    }
    const char *fault = config_network_fault(*out);
    if (fault == NULL) {
        return YETT_OK;
    }
    buf_init(&buf, given->arena, SENTENCE_MAX);
    buf_add_text(&buf, fault);
    struct ip_network meant = config_network_meant(*out);
    if (!ip_eq(meant.address, out->address) && meant.prefix != 0) {
        buf_add_text(&buf, "; the network meant is ");
        ip_write_network(&buf, meant);
    }
    return given_expected_buf(given, &buf);
}

static enum yett_err read_network(const struct given *given)
{
    struct ip_network network;
    enum yett_err err = take_network(given, &network);
    if (err == YETT_OK) {
        given_store(given, &network, sizeof(network));
        given_store_flag(given, true);
    }
    return err;
}

/* The list grows to twice its size whenever its count is a power of two. */
enum yett_err given_append(const struct given *given, const void *item, size_t size,
                           const char *too_many)
{
    char *list;
    size_t count;
    memcpy(&list, place(given->base, given->key->offset), sizeof(list));
    memcpy(&count, place(given->base, given->key->beside), sizeof(count));
    if (count == LIST_MAX) {
        return given_expected(given, too_many);
    }
    if ((count & (count - 1)) == 0) {
        char *grown = arena_calloc(given->arena, 2 * count + 1, size);
        if (grown == NULL) {
            return YETT_NO_MEMORY;
        }
        if (count != 0) {
            memcpy(grown, list, count * size);
        }
        list = grown;
    }
    memcpy(list + count * size, item, size);
    count++;
    given_store(given, &list, sizeof(list));
    memcpy(place(given->base, given->key->beside), &count, sizeof(count));
    return YETT_OK;
}

static enum yett_err read_networks(const struct given *given)
{
    struct ip_network network;
    enum yett_err err = take_network(given, &network);
    return err != YETT_OK
               ? err
               : given_append(given, &network, sizeof(network),
                              "is one too many: a list holds 1000 networks at most");
}

static enum yett_err read_domains(const struct given *given)
{
    slice domain;
    enum yett_err err = take_domain(given, &domain);
    return err != YETT_OK
               ? err
               : given_append(given, &domain, sizeof(domain),
                              "is one too many: a list holds 1000 domains at most");
}

static enum yett_err read_patterns(const struct given *given)
{
    slice domain = given->text;
    slice normal;
    struct buf buf;
    bool is_below = slice_take(&domain, SLICE("*."));
    buf_init(&buf, given->arena, SENTENCE_MAX);
    if (slice_eq(domain, SLICE("*")) && !is_below) {
        buf_add(&buf, domain);
    } else {
        enum yett_err err = domain_normalize(given->arena, domain, &normal);
        if (err == YETT_BAD_SYNTAX) {
            return given_expected(given, "is no domain such as example.com, "
                                         "*.example.com, or * for any");
        }
        if (err != YETT_OK) {
            return err;
        }
        buf_add_text(&buf, is_below ? "*." : "");
        buf_add(&buf, normal);
    }
    slice pattern = buf_slice(&buf);
    return buf_err(&buf) != YETT_OK
               ? YETT_NO_MEMORY
               : given_append(given, &pattern, sizeof(pattern),
                              "is one too many: a list holds 1000 domains at most");
}

/* SELECTOR, or SELECTOR=/path/of/key.pem */
static enum yett_err read_keys(const struct given *given)
{
    size_t equals = slice_find_byte(given->text, '=');
    slice selector;
    struct config_key key = {.path = SLICE("")};
    enum yett_err err =
        domain_normalize(given->arena, slice_first(given->text, equals), &selector);
    if (err == YETT_BAD_SYNTAX) {
        return given_expected(given, "is no selector such as s2026r, with or without "
                                     "=/path/of/key.pem behind it");
    }
    if (err == YETT_OK && slice_find(selector, SLICE("_domainkey")) < selector.len) {
        return given_expected(given, "is more than a selector, which ends before "
                                     "._domainkey");
    }
    if (err == YETT_OK) {
        err = arena_copy(given->arena, selector, &key.selector);
    }
    if (err == YETT_OK && equals < given->text.len) {
        slice path = slice_skip(given->text, equals + 1);
        if (slice_peek(path) != '/') {
            return given_expected(given, "names a file that does not begin with '/'");
        }
        key.path = value_path(given->arena, SLICE(""), path);
        err = key.path.ptr == NULL ? YETT_NO_MEMORY : YETT_OK;
    }
    return err != YETT_OK
               ? err
               : given_append(given, &key, sizeof(key),
                              "is one too many: a list holds 1000 keys at most");
}

void value_clear_list(const struct key *key, void *base)
{
    const void *none = NULL;
    size_t count = 0;
    if (kind_is_list(key->kind)) {
        memcpy(place(base, key->offset), &none, sizeof(none));
        memcpy(place(base, key->beside), &count, sizeof(count));
    }
}

static enum yett_err read_day(const struct given *given)
{
    int64_t begin;
    if (date_parse_iso_day(given->text, &begin) != YETT_OK || begin <= 0) {
        return given_expected(given, "is no day such as 2027-03-01");
    }
    int64_t end = begin + SECONDS_OF_DAY;
    given_store(given, &end, sizeof(end));
    return YETT_OK;
}

/* Settings that were written have paths from the root on, and secrets in hexadecimal. */
static bool may_be_long(const struct key *key, slice text)
{
    return key->kind == KIND_PATH ||
           (key->kind == KIND_SECRET && slice_starts_with(text, SLICE(VALUE_HEX)));
}

enum yett_err value_read(struct arena *arena, const struct key *key, slice text,
                         slice directory, void *base, slice *expected_out)
{
    static enum yett_err (*const readers[])(const struct given *) = {
        [KIND_WORD] = read_word,
        [KIND_TREAT_AS] = read_treat_as,
        [KIND_BOOL] = read_bool,
        [KIND_COUNT] = given_read_count,
        [KIND_SECONDS] = given_read_seconds,
        [KIND_MILLISECONDS] = given_read_milliseconds,
        [KIND_BYTES] = given_read_bytes,
        [KIND_DOMAIN] = read_domain,
        [KIND_TEXT] = read_text,
        [KIND_FIELD_NAME] = read_field_name,
        [KIND_FIELDS] = given_read_fields,
        [KIND_PATH] = read_path,
        [KIND_SECRET] = given_read_secret,
        [KIND_RESOLVER] = read_resolver,
        [KIND_NETWORK] = read_network,
        [KIND_NETWORKS] = read_networks,
        [KIND_DOMAINS] = read_domains,
        [KIND_PATTERNS] = read_patterns,
        [KIND_KEYS] = read_keys,
        [KIND_RECIPIENTS] = given_read_recipients,
        [KIND_HOSTS] = given_read_hosts,
        [KIND_DAY] = read_day,
        [KIND_SIZE_COUNT] = given_read_size_count,
        [KIND_BYTES_64] = given_read_bytes_64,
        [KIND_ACCOUNT] = read_account,
        [KIND_ADDRESS] = read_address,
        [KIND_MODE] = given_read_mode,
    };
    struct given given = {arena, key, text, directory, base, expected_out};
    if (text.len > VALUE_MAX && !may_be_long(key, text)) {
        return given_expected(&given, "is longer than 1000 bytes");
    }
    if (text.len == 0 && key->may_be_empty) {
        slice empty = SLICE("");
        given_store(&given, &empty, sizeof(empty));
        return YETT_OK;
    }
    return readers[key->kind](&given);
}
