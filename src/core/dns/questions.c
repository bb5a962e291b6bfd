/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dns/questions.h"

/* questions: the list of what an evaluator wants to know. */

enum { FIRST_CAPACITY = 32 };

void dns_questions_init(struct dns_questions *questions, struct arena *evidence)
{
    *questions = (struct dns_questions){.arena = evidence};
}

void dns_questions_clear(struct dns_questions *questions)
{
    questions->count = 0;
}

/* `question` is an entry's own: the same question has the same name pointer. */
static bool is_written(const struct dns_questions *questions,
                       struct dns_question question)
{
    for (size_t i = 0; i < questions->count; i++) {
        if (questions->list[i].name.ptr == question.name.ptr &&
            questions->list[i].type == question.type) {
            return true;
        }
    }
    return false;
}

enum yett_err dns_questions_write_down(struct dns_questions *questions,
                                       struct dns_question question)
{
    if (is_written(questions, question)) {
        return YETT_OK;
    }
    if (questions->count == questions->capacity) {
        size_t capacity =
            questions->capacity == 0 ? FIRST_CAPACITY : questions->capacity * 2;
        struct dns_question *list =
            ARENA_ARRAY(questions->arena, capacity, struct dns_question);
        if (list == NULL) {
            return YETT_NO_MEMORY;
        }
        if (questions->count != 0) {
            memcpy(list, questions->list, questions->count * sizeof(*list));
        }
        questions->list = list;
        questions->capacity = capacity;
    }
    questions->list[questions->count++] = question;
    return YETT_OK;
}
