/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/parts.h"

/*
 * message: the message in work, from MAIL to its end.
 *
 * Each piece of it goes into the fingerprint first, is then announced to the house, and only
 * then looked into.  What the mail server sends out of order is passed over or makes the
 * message fail; it is never an error for the caller.
 */

void intake_fail(struct intake_message *message, enum yett_err err, slice why)
{
    if (message->err == YETT_OK) {
        message->err = err;
        message->why = why;
    }
}

static void fail_for_memory(struct intake_message *message)
{
    intake_fail(message, YETT_NO_MEMORY,
                SLICE("there is not enough memory for it under the limits of one "
                      "message, or of all in work"));
}

static void fail_for(struct intake_message *message, enum yett_err err)
{
    if (err == YETT_NO_MEMORY) {
        fail_for_memory(message);
    } else {
        intake_fail(message, err, slice_from_text(yett_err_text(err)));
    }
}

/* The first line of its texts is ours and short: without memory the words go without. */
static void fail_for_limit(struct intake_message *message, const char *what,
                           uint64_t limit, const char *unit)
{
    if (message->err == YETT_OK) {
        slice why = arena_printf(message->arenas->desk, "%s %llu %s", what,
                                 (unsigned long long)limit, unit);
        intake_fail(message, YETT_LIMIT,
                    why.ptr == NULL ? SLICE("a limit was exceeded") : why);
    }
}

bool intake_enter(struct intake_message *message)
{
    const struct intake_house *house = message->house;
    if (message->poisoned) {
        return false;
    }
    if (!house->enter(house->context, message->fingerprint)) {
        message->poisoned = true;
        intake_fail(message, YETT_LIMIT,
                    SLICE("workers of the gateway failed over it before, so it was not "
                          "looked into"));
        return false;
    }
    return true;
}

bool intake_enter_ahead(const struct intake_message *message)
{
    const struct intake_house *house = message->house;
    uint64_t name = intake_mix(house->key, message->fingerprint, SLICE("asked ahead"));
    return !message->poisoned && house->enter(house->context, name);
}

static void mix(struct intake_message *message, slice bytes)
{
    message->fingerprint = intake_mix(message->house->key, message->fingerprint, bytes);
}

/* ---- the envelope -------------------------------------------------------------------------- */

/* What stands between the angle brackets, if there are any. */
static slice inner_path(slice path)
{
    path = slice_trim_fws(path);
    if (slice_take_byte(&path, '<') && slice_ends_with(path, SLICE(">"))) {
        path = slice_first(path, path.len - 1);
    }
    return path;
}

/* A copy for as long as the message lasts.  A longer address would be a different one when
   cut, so it is a reason not to judge. */
static slice keep_address(struct intake_message *message, slice path)
{
    slice address = inner_path(path);
    slice out = SLICE_NONE;
    if (address.len > INTAKE_ADDRESS_MAX) {
        fail_for_limit(message, "an address of its envelope is longer than",
                       INTAKE_ADDRESS_MAX, "octets");
        address = slice_first(address, INTAKE_ADDRESS_MAX);
    }
    if (arena_copy(message->arenas->evidence, address, &out) != YETT_OK) {
        fail_for_memory(message);
    }
    return out;
}

static void begin_checks(struct intake_message *message)
{
    const struct intake_house *house = message->house;
    struct arena *evidence = message->arenas->evidence;
    struct message_limits limits = {.header_bytes = house->config->limits.header_bytes,
                                    .fields = house->config->limits.fields};
    message->parser = message_parser_new(evidence, limits);
    message->answers = dns_answers_new(evidence, house->source, DNS_BOUNDS_DEFAULT);
    dns_questions_init(&message->wanted, evidence);
    message->scratch_start = arena_mark(message->arenas->scratch);
    if (message->parser == NULL || message->answers == NULL ||
        message->intake->is_forgetful) {
        fail_for_memory(message);
    }
}

static struct intake_message *new_message(struct intake *intake)
{
    const struct intake_house *house = intake->house;
    struct intake_arenas *arenas = intake_pool_take(house->pool);
    if (arenas == NULL) {
        return NULL;
    }
    struct intake_message *message = ARENA_NEW(arenas->desk, struct intake_message);
    if (message == NULL) {
        intake_pool_give_back(house->pool, arenas);
        return NULL;
    }
    message->intake = intake;
    message->house = house;
    message->arenas = arenas;
    bool only_signs = intake->listener->role == CONFIG_LISTENER_SIGN;
    message->is_passed_by = only_signs && house->signing == NULL;
    message->is_sign_only = only_signs && house->signing != NULL;
    house->draw_id(house->context, message->id);
    intake_removal_init(&message->removal, arenas->desk, house->config);
    return message;
}

void intake_mail(struct intake *intake, const struct intake_mail *mail)
{
    intake_finish_message(intake);
    struct intake_message *message = new_message(intake);
    intake->message = message;
    intake->is_destitute = message == NULL;
    if (message == NULL) {
        return;
    }
    message->is_local = mail->local;
    message->mail_from = keep_address(message, mail->path);
    if (arena_copy(message->arenas->desk, slice_first(mail->login, INTAKE_LOGIN_MAX),
                   &message->login) != YETT_OK) {
        fail_for_memory(message);
    }
    intake_queue_id(intake, mail->queue_id);
    mix(message, message->mail_from);
    message->input.now_s = mail->now_s;
    if (!message->is_passed_by) {
        begin_checks(message);
        intake_fill_input(message);
        message->is_stale = true;
    }
}

void intake_queue_id(struct intake *intake, slice queue_id)
{
    struct intake_message *message = intake->message;
    queue_id = slice_first(queue_id, INTAKE_QUEUE_ID_MAX);
    if (message != NULL && message->stage != INTAKE_DECIDED && queue_id.len != 0) {
        memcpy(message->queue_id, queue_id.ptr, queue_id.len);
        message->queue_id_length = queue_id.len;
    }
}

static bool grow_rcpt(struct intake_message *message)
{
    enum { FIRST_CAPACITY = 4 };
    size_t capacity =
        message->rcpt_capacity == 0 ? FIRST_CAPACITY : message->rcpt_capacity * 2;
    slice *moved = ARENA_ARRAY(message->arenas->evidence, capacity, slice);
    if (moved == NULL) {
        return false;
    }
    if (message->rcpt_kept != 0) {
        memcpy(moved, message->rcpt, message->rcpt_kept * sizeof(*moved));
    }
    message->rcpt = moved;
    message->rcpt_capacity = capacity;
    return true;
}

void intake_rcpt(struct intake *intake, slice path)
{
    struct intake_message *message = intake->message;
    if (message == NULL || message->stage != INTAKE_HEADER) {
        return;
    }
    mix(message, inner_path(path));
    message->rcpt_count++;
    if (message->rcpt_kept >= intake->house->config->limits.recipients &&
        message->rcpt_count > 1) {
        return;
    }
    slice address = keep_address(message, path);
    if (message->rcpt_count == 1) {
        message->first_rcpt = address;
    }
    if (message->rcpt_kept == message->rcpt_capacity && !grow_rcpt(message)) {
        fail_for_memory(message);
        return;
    }
    message->rcpt[message->rcpt_kept++] = address;
}

/* ---- the header ---------------------------------------------------------------------------- */

/* Too large as a whole, if there is a limit to that. */
static void count_bytes(struct intake_message *message, size_t bytes)
{
    uint64_t most = message->house->config->limits.message_bytes;
    message->size_bytes += bytes;
    if (most != 0 && message->size_bytes > most && !message->is_passed_by) {
        fail_for_limit(message, "it is larger than", most, "octets");
    }
}

static void parse_field(struct intake_message *message, slice name, slice value)
{
    const struct config_limits *limits = &message->house->config->limits;
    enum yett_err err = message_parser_add_field(message->parser, name, value);
    if (err == YETT_LIMIT && message->removal.field_count > limits->fields) {
        fail_for_limit(message, "its header has more than", limits->fields, "fields");
    } else if (err == YETT_LIMIT) {
        fail_for_limit(message, "its header is larger than", limits->header_bytes,
                       "octets");
    } else if (err != YETT_OK) {
        fail_for(message, err);
    }
}

static bool is_over(const struct intake_message *message)
{
    return message == NULL || message->stage == INTAKE_ENDED ||
           message->stage == INTAKE_DECIDED;
}

void intake_field(struct intake *intake, slice name, slice value, bool is_cut)
{
    struct intake_message *message = intake->message;
    if (is_over(message)) {
        return;
    }
    mix(message, name);
    mix(message, value);
    count_bytes(message, name.len + value.len + SLICE(":\r\n").len);
    if (message->is_passed_by) {
        return;
    }
    bool unread = !intake_enter(message);
    intake_removal_field(&message->removal, name, value, is_cut, unread);
    if (is_cut) {
        intake_fail(message, YETT_LIMIT,
                    SLICE("one of its header fields is longer than a field may be"));
    }
    if (message->stage != INTAKE_HEADER) {
        intake_fail(message, YETT_BAD_SYNTAX,
                    SLICE("the mail server sent a header field behind the header"));
    }
    if (slice_has_byte(name, '\n') || slice_has_byte(name, '\r')) {
        intake_fail(message, YETT_BAD_SYNTAX,
                    SLICE("the name of one of its header fields holds a line end"));
    }
    if (message->err == YETT_OK) {
        parse_field(message, name, value);
    }
}

static slice author_domain(const struct intake_message *message)
{
    return message->from.status == MESSAGE_FROM_OK ? message->from.domains[0]
                                                   : SLICE_NONE;
}

static enum yett_err perform_check(void *context, const struct dkim_check *check,
                                   struct dkim_check_result *out)
{
    struct intake_message *message = context;
    return dkim_check_perform(message->dkim, check, out);
}

static enum yett_err begin_signatures(struct intake_message *message)
{
    const struct intake_house *house = message->house;
    struct arena *evidence = message->arenas->evidence;
    struct dkim_limits limits = DKIM_LIMITS_DEFAULT;
    limits.signatures = house->config->dkim.max_signatures;
    if (message->is_sign_only ||
        verdict_is_of_our_own(house->config, &message->input.envelope)) {
        return YETT_OK;
    }
    message->checks = dkim_checks_new(evidence, perform_check, message);
    if (message->checks == NULL) {
        return YETT_NO_MEMORY;
    }
    enum yett_err err = dkim_message_new(evidence, house->crypto, &message->header,
                                         author_domain(message), limits, &message->dkim);
    return err != YETT_OK
               ? err
               : arc_chain_new(evidence, house->crypto, &message->header, message->dkim,
                               verdict_arc_limits(house->config), &message->arc);
}

static void read_header(struct intake_message *message)
{
    enum yett_err err = message_parser_finish(message->parser, &message->header);
    if (err == YETT_OK) {
        err = message_read_from(message->arenas->evidence, &message->header,
                                &message->from);
    }
    if (err == YETT_OK) {
        message->has_header = true;
        err = begin_signatures(message);
    }
    if (err != YETT_OK) {
        fail_for(message, err);
        return;
    }
    intake_fill_input(message);
    message->is_stale = true;
    intake_capture_begin(message);
    if (message->house->signing != NULL) {
        intake_sign_begin(message);
        intake_seal_begin(message);
    }
}

void intake_end_of_header(struct intake *intake)
{
    struct intake_message *message = intake->message;
    if (message == NULL || message->stage != INTAKE_HEADER) {
        return;
    }
    message->stage = INTAKE_BODY;
    count_bytes(message, SLICE("\r\n").len);
    if (!message->is_passed_by && intake_enter(message) && message->err == YETT_OK) {
        read_header(message);
    }
}

/* ---- the body ------------------------------------------------------------------------------ */

void intake_body(struct intake *intake, slice piece)
{
    struct intake_message *message = intake->message;
    if (is_over(message)) {
        return;
    }
    intake_end_of_header(intake);
    count_bytes(message, piece.len);
    bool is_looked_into =
        message->dkim != NULL || message->sign.stage == INTAKE_SIGN_PASSING;
    if (message->is_passed_by || message->err != YETT_OK || !is_looked_into ||
        !intake_enter(message)) {
        return;
    }
    if (message->dkim != NULL) {
        dkim_message_body(message->dkim, piece);
    }
    intake_capture_body(message, piece);
    intake_sign_body(message, piece);
    intake_seal_body(message, piece);
}

static void end_signatures(struct intake_message *message)
{
    if (message->err == YETT_OK && message->dkim != NULL && intake_enter(message)) {
        enum yett_err err = dkim_message_end(message->dkim);
        if (err != YETT_OK) {
            fail_for(message, err);
        }
    }
}

void intake_end_of_body(struct intake *intake, int64_t now_s)
{
    struct intake_message *message = intake->message;
    intake->destitute_ended = intake->is_destitute;
    if (is_over(message)) {
        return;
    }
    intake_end_of_header(intake);
    message->stage = INTAKE_ENDED;
    message->ended_s = now_s;
    end_signatures(message);
    if (message->sign.stage == INTAKE_SIGN_PASSING && intake_enter(message)) {
        intake_sign_end(message);
    }
    intake_proceed(message);
}

void intake_finish_message(struct intake *intake)
{
    struct intake_message *message = intake->message;
    intake->is_destitute = false;
    intake->destitute_ended = false;
    if (message == NULL) {
        return;
    }
    intake->message = NULL;
    if (message->dkim != NULL) {
        dkim_message_finish(message->dkim);
    }
    intake_sign_finish(message);
    dns_answers_finish(message->answers);
    intake_pool_give_back(intake->house->pool, message->arenas);
}
