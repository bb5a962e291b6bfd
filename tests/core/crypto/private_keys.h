/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_CORE_CRYPTO_PRIVATE_KEYS_H
#define YETT_TESTS_CORE_CRYPTO_PRIVATE_KEYS_H

/* Keys made for these tests with openssl(1); they protect nothing. */

/* clang-format off */
/* PKCS#8, as `openssl genpkey` and opendkim-genkey write it */
static const char key_rsa1024_8[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBANnBv7vljgwMUCow\n"
    "RXIfU53l3M5CGWV6KbEAiGTx3ePR166NX8PnDkfMdoP5bFq/E5P6NpDcewT8WUlI\n"
    "owgWpzErxGROrI2+F93tGCPP4BSzEHac/qqyuvKPctTMCxi03euMYUUnJaRtyMIz\n"
    "BXwzDxnRPHWUulAMnJGKV++QMJU9AgMBAAECgYBsp3WBTxiiwF4bvvxX5nO1nOWh\n"
    "cW/0p5E4BbkJDXqXW7SQH3DCcn84qjgUwBcl7KPbOYWSoMEtirEOlRTsS0lenk7p\n"
    "5marD3B3wkcxUskfkMnQSD3QQx9zf2Y8oYFgVR4ZfSFqWWdJzoOu0Jg444VsBt+9\n"
    "eDfMd7DWdf7FP8gVQQJBAP83o7wgvn5vkx3ElrEfKzD9CtfALN9dKfBHATPLYshL\n"
    "yJq0+TfrU9IGcVbQnYulHq056F33fOwes71JVyiPHM0CQQDabLNhAr6Ut8KCfW3W\n"
    "bChxMdOLdAzaXAR0yixrQiWF/5UE7JCdikgLq+p6D2wV9Tjtwp8QMBj0D//9SWCv\n"
    "XFoxAkA2MzzEkTejZlKZ+cv+5Z2ok7SfySI+dWyYqJuqwkDCRMXfhRuAMqvkaJXd\n"
    "WAR9SZ3QMAIXIp4XDxYg1th5tprpAkEAtKxpjHs6rcV6zXl3G4CHy2oNtDKgVxb6\n"
    "UKjTKT2j0D1jRJlx3f5+Lblc0O5k15zqJDFyZW+DlI6PjzHdGfDoYQJBAJbv1Fqp\n"
    "fXRURqZSK7pzB7YyX2v+ibyeqoU1e3ouk9Gl1LzXYmM1AjWCrgSfNC4Y9YX0JkuE\n"
    "vQGbpEz+Adt0jQo=\n"
    "-----END PRIVATE KEY-----\n";

/* the same key in PKCS#1 */
static const char key_rsa1024_1[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIICXQIBAAKBgQDZwb+75Y4MDFAqMEVyH1Od5dzOQhlleimxAIhk8d3j0deujV/D\n"
    "5w5HzHaD+WxavxOT+jaQ3HsE/FlJSKMIFqcxK8RkTqyNvhfd7Rgjz+AUsxB2nP6q\n"
    "srryj3LUzAsYtN3rjGFFJyWkbcjCMwV8Mw8Z0Tx1lLpQDJyRilfvkDCVPQIDAQAB\n"
    "AoGAbKd1gU8YosBeG778V+ZztZzloXFv9KeROAW5CQ16l1u0kB9wwnJ/OKo4FMAX\n"
    "Jeyj2zmFkqDBLYqxDpUU7EtJXp5O6eZmqw9wd8JHMVLJH5DJ0Eg90EMfc39mPKGB\n"
    "YFUeGX0hallnSc6DrtCYOOOFbAbfvXg3zHew1nX+xT/IFUECQQD/N6O8IL5+b5Md\n"
    "xJaxHysw/QrXwCzfXSnwRwEzy2LIS8iatPk361PSBnFW0J2LpR6tOehd93zsHrO9\n"
    "SVcojxzNAkEA2myzYQK+lLfCgn1t1mwocTHTi3QM2lwEdMosa0Ilhf+VBOyQnYpI\n"
    "C6vqeg9sFfU47cKfEDAY9A///Ulgr1xaMQJANjM8xJE3o2ZSmfnL/uWdqJO0n8ki\n"
    "PnVsmKibqsJAwkTF34UbgDKr5GiV3VgEfUmd0DACFyKeFw8WINbYebaa6QJBALSs\n"
    "aYx7Oq3Fes15dxuAh8tqDbQyoFcW+lCo0yk9o9A9Y0SZcd3+fi25XNDuZNec6iQx\n"
    "cmVvg5SOj48x3Rnw6GECQQCW79RaqX10VEamUiu6cwe2Ml9r/om8nqqFNXt6LpPR\n"
    "pdS812JjNQI1gq4EnzQuGPWF9CZLhL0Bm6RM/gHbdI0K\n"
    "-----END RSA PRIVATE KEY-----\n";

/* of RFC 8032 section 7.1, test 1, and RFC 8463 appendix A */
static const char key_ed[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

static const char key_rsa768[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIB4wIBADANBgkqhkiG9w0BAQEFAASCAc0wggHJAgEAAmEAtGIdHLlBx1WlsXxf\n"
    "UAI/qnyiI5ndidAsuCnNniGT45j2u//0G2T98E3p/TK+hp/5M6CVCZKEovjseojW\n"
    "Nh4E1PLgGNkjU7WsQEXUgf+RZjoBuHoOfh10xw19m87fY5vtAgMBAAECYEnFsqhT\n"
    "r+5JPem3tvdu5ADi1iD/RZaeWBu9pQVeMDCuF4LN7FTj2eNUyjSuczN16vFsHh8z\n"
    "Yvktoegh9AajZoUa6N97OgEdfBSDPXsqxIx1yMp/r+Sya75rGL0d/L1PVQIxAPBn\n"
    "AXql8LPc3FSw7x8tCAIlYgcEPkxuX4gA79Rv7QXgXBfjsEJvFT1JjfQsXDDFcwIx\n"
    "AMAWNng041ss4cKR4a2Rm6x10BxHlwo0v9vzAGkiV1qC4IHu4ALAz/KInzQKJODB\n"
    "HwIwf9vJBZpMMt08si6If2RL5hhL0r+HAs+RL5yP8cS1o3J4iJwomqzJ9xav0TXm\n"
    "smnRAjB7olBw0mm714l/uHGvS9cNC89lRFbdBNKweRm8kZPz9+UU/HFGlF/D1VfT\n"
    "IOxXlTUCMFzsNu+Jtme1sFOhZW27ZKDmIqkqKTs36Mi4Wkupou6DqmkZNbeakv+8\n"
    "fcFXEXkyDg==\n"
    "-----END PRIVATE KEY-----\n";

static const char key_ec[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgI1adEOdxHROFDBrA\n"
    "GiIzoW37iElGGCEOZ2/QeD+0h6+hRANCAAQfJx3nFkz4qZYEfB3ghVfu8MgkUVBX\n"
    "dQ0BWaMYF5Kq+IIWsx7N5G6S7AwBoAMzE/2nu63eNn5bWn5G/ddXuOOr\n"
    "-----END PRIVATE KEY-----\n";

static const char key_x25519[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VuBCIEICjtyg5JqkqR6SyNDCItKpbhb/3UC0zdMB90AB5afp1H\n"
    "-----END PRIVATE KEY-----\n";

static const char key_ed448[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MEcCAQAwBQYDK2VxBDsEOVvwdQEh10nc53uQgjNM4H/ahgUmC08CW3ovqaF1JhJn\n"
    "W6srhEklTd4kj7Pl4cA0IU5UHy53/6VWqw==\n"
    "-----END PRIVATE KEY-----\n";

static const char key_pss[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIICdAIBADALBgkqhkiG9w0BAQoEggJgMIICXAIBAAKBgQC5AnVkhKFM8jX64/+G\n"
    "0kttF6n7l+CPNl9ROU3M0pu7KzrLaicfwUyycfVO2C+qSmYPlvbnL+ibctt+YGsZ\n"
    "X3+wh9D/1GkrwRWV703/5IG3FORmLhgxQ+DDHEmIsn8mgIyRviT5kIXNhTV4AR/S\n"
    "SQwJpqE81gvFb+h7yjTsnSmAVwIDAQABAoGAS9ynOF1uKrgSzFrbN3RZu1T9vY2s\n"
    "Zez8rriZn0go1VnHlQtlGY9QnMc/uGHLQb+aFABqI6gwcDVrrWlp4RCYsZ6oGxy0\n"
    "fiy2gy65ggCam+/kSNUzlp4BRukzTGqByYLEyNgmNFBMZGxsN6RTrzRi43reyaVf\n"
    "MeZ0ibiPe39m6yECQQDe5Qry609ektmr2MyK0R0+VZzBkiTJIh7M1psEFQXMy0jK\n"
    "vkcw/veTINdYeKO5G4C+nlTTX01oiCp7jie2wiCxAkEA1Hzwe0JezqpnZDswJgD/\n"
    "ZxQ5ZCyxoZC51dC1emFJhFvhnDdRcDg1V/optVbGYc/5pvkKqmK0RsKPgOGyvncz\n"
    "hwJAC9C0XeAfWvIJ29QoM4uWM0Gyh4hJrufCHjWaDgNXRV3ZQ/YGLBC36vKot6Xd\n"
    "d+h/UJtv/6xjnBDrv5Tvgf6UYQJBAMqdiEJAe17dplExDyxt7xw/cKpQ4+CHvGxh\n"
    "42qasht/8ZWgOgujzVnitTqxT+GdCxVoi/8Et5pxk5z1mhd8WqkCQEWit+pZfTdb\n"
    "/7LG+pRbGy0eWc/k9KWRVR9D/0vCmeMEq0nXLNvN/Pb5zkjXQqnCat1hfDuJYnS2\n"
    "QeXkiETT6yE=\n"
    "-----END PRIVATE KEY-----\n";

/* rsa1024_1 with one number changed */
static const char key_bad_dp[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIICXQIBAAKBgQDZwb+75Y4MDFAqMEVyH1Od5dzOQhlleimxAIhk8d3j0deujV/D\n"
    "5w5HzHaD+WxavxOT+jaQ3HsE/FlJSKMIFqcxK8RkTqyNvhfd7Rgjz+AUsxB2nP6q\n"
    "srryj3LUzAsYtN3rjGFFJyWkbcjCMwV8Mw8Z0Tx1lLpQDJyRilfvkDCVPQIDAQAB\n"
    "AoGAbKd1gU8YosBeG778V+ZztZzloXFv9KeROAW5CQ16l1u0kB9wwnJ/OKo4FMAX\n"
    "Jeyj2zmFkqDBLYqxDpUU7EtJXp5O6eZmqw9wd8JHMVLJH5DJ0Eg90EMfc39mPKGB\n"
    "YFUeGX0hallnSc6DrtCYOOOFbAbfvXg3zHew1nX+xT/IFUECQQD/N6O8IL5+b5Md\n"
    "xJaxHysw/QrXwCzfXSnwRwEzy2LIS8iatPk361PSBnFW0J2LpR6tOehd93zsHrO9\n"
    "SVcojxzNAkEA2myzYQK+lLfCgn1t1mwocTHTi3QM2lwEdMosa0Ilhf+VBOyQnYpI\n"
    "C6vqeg9sFfU47cKfEDAY9A///Ulgr1xaMQJANjM8xJE3o2ZSmfnL/uWdqJO0n8ki\n"
    "PnVsmKibqsJAwkTF34UbgDKr5GiV3VgEfUmd0DACFyKeFw8WINbYebaa6wJBALSs\n"
    "aYx7Oq3Fes15dxuAh8tqDbQyoFcW+lCo0yk9o9A9Y0SZcd3+fi25XNDuZNec6iQx\n"
    "cmVvg5SOj48x3Rnw6GECQQCW79RaqX10VEamUiu6cwe2Ml9r/om8nqqFNXt6LpPR\n"
    "pdS812JjNQI1gq4EnzQuGPWF9CZLhL0Bm6RM/gHbdI0K\n"
    "-----END RSA PRIVATE KEY-----\n";

/* rsa1024_1 with one number changed */
static const char key_bad_e[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIICWwIBAAKBgQDZwb+75Y4MDFAqMEVyH1Od5dzOQhlleimxAIhk8d3j0deujV/D\n"
    "5w5HzHaD+WxavxOT+jaQ3HsE/FlJSKMIFqcxK8RkTqyNvhfd7Rgjz+AUsxB2nP6q\n"
    "srryj3LUzAsYtN3rjGFFJyWkbcjCMwV8Mw8Z0Tx1lLpQDJyRilfvkDCVPQIBAwKB\n"
    "gGyndYFPGKLAXhu+/Ffmc7Wc5aFxb/SnkTgFuQkNepdbtJAfcMJyfziqOBTAFyXs\n"
    "o9s5hZKgwS2KsQ6VFOxLSV6eTunmZqsPcHfCRzFSyR+QydBIPdBDH3N/ZjyhgWBV\n"
    "Hhl9IWpZZ0nOg67QmDjjhWwG3714N8x3sNZ1/sU/yBVBAkEA/zejvCC+fm+THcSW\n"
    "sR8rMP0K18As310p8EcBM8tiyEvImrT5N+tT0gZxVtCdi6UerTnoXfd87B6zvUlX\n"
    "KI8czQJBANpss2ECvpS3woJ9bdZsKHEx04t0DNpcBHTKLGtCJYX/lQTskJ2KSAur\n"
    "6noPbBX1OO3CnxAwGPQP//1JYK9cWjECQDYzPMSRN6NmUpn5y/7lnaiTtJ/JIj51\n"
    "bJiom6rCQMJExd+FG4Ayq+Rold1YBH1JndAwAhcinhcPFiDW2Hm2mukCQQC0rGmM\n"
    "ezqtxXrNeXcbgIfLag20MqBXFvpQqNMpPaPQPWNEmXHd/n4tuVzQ7mTXnOokMXJl\n"
    "b4OUjo+PMd0Z8OhhAkEAlu/UWql9dFRGplIrunMHtjJfa/6JvJ6qhTV7ei6T0aXU\n"
    "vNdiYzUCNYKuBJ80Lhj1hfQmS4S9AZukTP4B23SNCg==\n"
    "-----END RSA PRIVATE KEY-----\n";

static const char key_even_e[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIICXQIBAAKBgQDZwb+75Y4MDFAqMEVyH1Od5dzOQhlleimxAIhk8d3j0deujV/D\n"
    "5w5HzHaD+WxavxOT+jaQ3HsE/FlJSKMIFqcxK8RkTqyNvhfd7Rgjz+AUsxB2nP6q\n"
    "srryj3LUzAsYtN3rjGFFJyWkbcjCMwV8Mw8Z0Tx1lLpQDJyRilfvkDCVPQIDAQAA\n"
    "AoGAbKd1gU8YosBeG778V+ZztZzloXFv9KeROAW5CQ16l1u0kB9wwnJ/OKo4FMAX\n"
    "Jeyj2zmFkqDBLYqxDpUU7EtJXp5O6eZmqw9wd8JHMVLJH5DJ0Eg90EMfc39mPKGB\n"
    "YFUeGX0hallnSc6DrtCYOOOFbAbfvXg3zHew1nX+xT/IFUECQQD/N6O8IL5+b5Md\n"
    "xJaxHysw/QrXwCzfXSnwRwEzy2LIS8iatPk361PSBnFW0J2LpR6tOehd93zsHrO9\n"
    "SVcojxzNAkEA2myzYQK+lLfCgn1t1mwocTHTi3QM2lwEdMosa0Ilhf+VBOyQnYpI\n"
    "C6vqeg9sFfU47cKfEDAY9A///Ulgr1xaMQJANjM8xJE3o2ZSmfnL/uWdqJO0n8ki\n"
    "PnVsmKibqsJAwkTF34UbgDKr5GiV3VgEfUmd0DACFyKeFw8WINbYebaa6QJBALSs\n"
    "aYx7Oq3Fes15dxuAh8tqDbQyoFcW+lCo0yk9o9A9Y0SZcd3+fi25XNDuZNec6iQx\n"
    "cmVvg5SOj48x3Rnw6GECQQCW79RaqX10VEamUiu6cwe2Ml9r/om8nqqFNXt6LpPR\n"
    "pdS812JjNQI1gq4EnzQuGPWF9CZLhL0Bm6RM/gHbdI0K\n"
    "-----END RSA PRIVATE KEY-----\n";

static const char key_bad_n[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIICXQIBAAKBgQDZwb+75Y4MDFAqMEVyH1Od5dzOQhlleimxAIhk8d3j0deujV/D\n"
    "5w5HzHaD+WxavxOT+jaQ3HsE/FlJSKMIFqcxK8RkTqyNvhfd7Rgjz+AUsxB2nP6q\n"
    "srryj3LUzAsYtN3rjGFFJyWkbcjCMwV8Mw8Z0Tx1lLpQDJyRilfvkDCVPwIDAQAB\n"
    "AoGAbKd1gU8YosBeG778V+ZztZzloXFv9KeROAW5CQ16l1u0kB9wwnJ/OKo4FMAX\n"
    "Jeyj2zmFkqDBLYqxDpUU7EtJXp5O6eZmqw9wd8JHMVLJH5DJ0Eg90EMfc39mPKGB\n"
    "YFUeGX0hallnSc6DrtCYOOOFbAbfvXg3zHew1nX+xT/IFUECQQD/N6O8IL5+b5Md\n"
    "xJaxHysw/QrXwCzfXSnwRwEzy2LIS8iatPk361PSBnFW0J2LpR6tOehd93zsHrO9\n"
    "SVcojxzNAkEA2myzYQK+lLfCgn1t1mwocTHTi3QM2lwEdMosa0Ilhf+VBOyQnYpI\n"
    "C6vqeg9sFfU47cKfEDAY9A///Ulgr1xaMQJANjM8xJE3o2ZSmfnL/uWdqJO0n8ki\n"
    "PnVsmKibqsJAwkTF34UbgDKr5GiV3VgEfUmd0DACFyKeFw8WINbYebaa6QJBALSs\n"
    "aYx7Oq3Fes15dxuAh8tqDbQyoFcW+lCo0yk9o9A9Y0SZcd3+fi25XNDuZNec6iQx\n"
    "cmVvg5SOj48x3Rnw6GECQQCW79RaqX10VEamUiu6cwe2Ml9r/om8nqqFNXt6LpPR\n"
    "pdS812JjNQI1gq4EnzQuGPWF9CZLhL0Bm6RM/gHbdI0K\n"
    "-----END RSA PRIVATE KEY-----\n";

static const char key_enc1[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-128-CBC,7DEA73B64FFEDD248528DEF0AA3D2E94\n"
    "\n"
    "9jYoN1j9CxAT6ZlyXu4g/CPO7Efqddf8Q2RwFLk22OlSgrOG0HrIpRElZN5AjrXK\n"
    "x5q0KIqMWvdNQgS+Vs76wKW1QDwynXLWmVxwST9uvpIvTCN/i5XczR4IJtGzfins\n"
    "jPEpN1F//dm7M4lsEtb4SY8bHet9HfrJCwla0TGlhU5RvxzwaBNeja4PkqG6+KTz\n"
    "2g6irimv6u57+sLUCdqnVdBeal/NP9URKxYlm1M/AWzQUuL6fzcFwd0BF3p6Kx3c\n"
    "WIeA4iGpa+hUpbtJxl9L5PBNS6lzPQLlYOiaSWioMYlZSOjUiVLePC4cNzBqkDSV\n"
    "nOkvDXB8jD5fQWjdR51tpgD+QUWzyuBErlFDDP7f5KdU+B4avHZtjclS0oyT7NFB\n"
    "LwYLOiK2ZVai9CIPrg6At0QRlhINGgfJDStZj8QhFEAqL+sP54nuerKZSNcv6wNk\n"
    "YFOK9H/sgJ4md37MhAj2CapsTG+ioHHNt6T/Hmdr7fMb+OvhFemQywdYWRgGXBre\n"
    "X3lCeLFsrP49KkS/gt/j9ltB9UnlAQ0dvrACD3o84nRDkB8Ts/HyOqfYjbRA2ZbZ\n"
    "tgC4+n64RMfDA53xVdLiOrCn/MhX3ujTG9F+KXujERcrf/574AnDtTYgo8N6y0oE\n"
    "eMC7isVkDCRiBXRLXdPGtsYRav2vlxleaIr7+UMfWoVfzPMVb60mAJ8bOXQEf1YC\n"
    "bymOCGZeL9H22bBKPjNsuo/bzguRBPo02QRgdfAR/DMPOdrUNa4kHvU/iKuV6pQz\n"
    "obyIzERBo2g8uxn9ur3hR2Ai3ouhsa4f13p28gXy282YnryGUW0K2fen2Jm+/FLG\n"
    "-----END RSA PRIVATE KEY-----\n";

static const char key_enc8[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIIC3TBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQIH2X1FPO7c94CAggA\n"
    "MAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBBO9qgiOQnDq31m2XKAWr1gBIIC\n"
    "gJvHQJLP0Mpgsbb0prUTR9aa+vD4tvO8vIvP190Wi3OIJVB3QvzBFCXMTg9clPPL\n"
    "p0KfTL3fh4U/1MZppyppQEsQLejDgji+SIHACwx/kRoFPCbof46XOihzXO3oGkC/\n"
    "yWhw7NSBu9hJwI48QT5XrDxG9k4S+sOtk82LYt7uiJ7R8plWbycVmG2JkNCeStpB\n"
    "rSI7sfkf9yUe1fP58DO9g5jM5f0RQKPC/yxB9DLG6nych8ZPYNfGTbi7AIFJfSYZ\n"
    "u77LgK0CddBWPVR0LzpzypBA2jfWWi8aUYAQw/rd3/d3MLme9bOvmPBdXfEDCH+g\n"
    "UmdpQdMBduUK1gxzC1zsSae0lazJK/9KsLKmRTZSOizZbbdIwxQEyU7UwsKKj1dd\n"
    "SRPuMAi/iTipUT+rxOsr2NQzx01tlZ9eJ7u1DOD7MSNU+bjdvQKXHVgDL03AAh0+\n"
    "kJ29/hWPeGLLIKhnvIV8MUJzjNob3Q/ASOBmOKRjRXIIbY+Nws2yf7uuNFiiHEcO\n"
    "blJdHpxxZ4rXXfaj/vlg4cWxFyslAzmyc/2xrGlPDUkRR7qS4pkK+38Z5P+3x4Bu\n"
    "QvhDIAQpAF7Ey4ph+joWH3xqhzDxgwHMzNUpnir/W09pKKFlCujD1E9C8P2opMEB\n"
    "lwHYAwILjBzeWIKBfFEngiwmrDEI58TGZXl8slYY1OcTqSOwFH37zcv/zwTo6tCC\n"
    "eaWzNFA+ZMzvltrXROAk3QYsyT2zVl/Vp306ts1u5fs/EdhXfCUWCjzL4vB6Nq9U\n"
    "IxKZzCWMXRei4wQezYI9NLIglNLYGxvUGGe2jtNThwu9+HMC+hvvuSQbg6j+NF/D\n"
    "e05i+XrVSgy1PywuCI9ua1E=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

/* clang-format on */

#endif
