/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_CONFIG_CONFIG_FILE_H
#define YETT_EDGE_CONFIG_CONFIG_FILE_H
#endif
