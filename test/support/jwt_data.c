/* SPDX-License-Identifier: MIT */
/* Keys and tokens that the RFCs print, and keys made for these tests. */
#include "jwt_data.h"

const struct jwt_vector jwt_vectors[JWT_VECTORS] = {
    {"RFC 7515 A.1", "HS256",
     "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS"
     "0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}",
     "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJle"
     "HAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnV"
     "lfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
     true},
    {"RFC 7515 A.2", "RS256",
     "{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0"
     "l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgN"
     "MsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5"
     "z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3"
     "qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkM"
     "Ls91kzk2PAcDTW9gb54h4FRWyuXpoQ\",\"e\":\"AQAB\",\"d\":"
     "\"Eq5xpGnNCivDflJsRQ"
     "BXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7Y"
     "wVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJf"
     "FNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQl"
     "BjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZF"
     "D9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ\",\"p\":"
     "\"4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss"
     "1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xH"
     "dwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc\",\"q\":\"uQPEfgmVtjL0Uyyx88G"
     "ZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7"
     "TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBByp"
     "eeF6689rjcJIDEz9RWdc\"}",
     "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsD"
     "QogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgt"
     "v3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5Y"
     "Kt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrn"
     "byTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6"
     "_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUi"
     "pUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
     true},
    {"RFC 7515 A.3", "ES256",
     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
     "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9"
     "uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\",\"d\":"
     "\"j"
     "psQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}",
     "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsD"
     "QogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38V"
     "WAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6"
     "NU1Q",
     false},
    {"RFC 7515 A.4", "ES512",
     "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":"
     "\"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk"
     "06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk\",\"y\":\"ADSmRA"
     "43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZ"
     "mh9ubmf63e3kyMj2\",\"d\":\"AY5pb7A0UFiB3RELSD64fTLOSV_jazdF7fLYyuTw8lO"
     "fRhWg6Y6rUrPAxerEzgdRhajnu0ferB0d53vM9mE15j2C\"}",
     "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLf"
     "D_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCA"
     "PZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukO"
     "XolLzeO_Jn",
     false},
    {"RFC 7520 4.1", "RS256",
     "{\"kty\":\"RSA\",\"kid\":\"bilbo.baggins@hobbiton.example\",\"use\":"
     "\"sig\",\"n"
     "\":\"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRo"
     "jdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lb"
     "zcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M"
     "1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU"
     "4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iai"
     "Qkqgc5gHdrNP5zw\",\"e\":\"AQAB\",\"d\":\"bWUC9B-"
     "EFRIo8kpGfh0ZuyGPvMNKvYWNt"
     "B_ikiH9k20eT-O1q_I78eiZkpXxXQ0UTEs2LsNRS-8uJbvQ-A1irkwMSMkK1J3XTGg"
     "drhCku9gRldY7sNA_AKZGh-Q661_42rINLRCe8W-nZ34ui_qOfkLnK9QWDDqpaIsA-"
     "bMwWWSDFu2MUBYwkHTMEzLYGqOe04noqeq1hExBTHBOBdkMXiuFhUq1BU6l-DqEiWx"
     "qg82sXt2h-LMnT3046AOYJoRioz75tSUQfGCshWTBnP5uDjd18kKhyv07lhfSJdrPd"
     "M5Plyl21hsFf4L_mHCuoFau7gdsPfHPxxjVOcOpBrQzwQ\",\"p\":\"3Slxg_DwTXJcb6"
     "095RoXygQCAZ5RnAvZlno1yhHtnUex_fp7AZ_9nRaO7HX_-SFfGQeutao2TDjDAWU4"
     "Vupk8rw9JR0AzZ0N2fvuIAmr_WCsmGpeNqQnev1T7IyEsnh8UMt-n5CafhkikzhEsr"
     "mndH6LxOrvRJlsPp6Zv8bUq0k\",\"q\":\"uKE2dh-cTf6ERF4k4e_jy78GfPYUIaUyoS"
     "SJuBzp3Cubk3OCqs6grT8bR_cu0Dm1MZwWmtdqDyI95HrUeq3MP15vMMON8lHTeZu2"
     "lmKvwqW7anV5UzhM1iZ7z4yMkuUwFWoBvyY898EXvRD-hdqRxHlSqAZ192zB3pVFJ0"
     "s7pFc\"}",
     "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbX"
     "BsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V"
     "0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb"
     "24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW9"
     "1IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.MRjdkly7_-oTPTS3AXP41iQIGKa80A0Zm"
     "TuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi"
     "84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BN"
     "t1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS"
     "_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZ"
     "WJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg",
     true},
    {"RFC 7520 4.2", "PS384",
     "{\"kty\":\"RSA\",\"kid\":\"bilbo.baggins@hobbiton.example\",\"use\":"
     "\"sig\",\"n"
     "\":\"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRo"
     "jdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lb"
     "zcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M"
     "1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU"
     "4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iai"
     "Qkqgc5gHdrNP5zw\",\"e\":\"AQAB\",\"d\":\"bWUC9B-"
     "EFRIo8kpGfh0ZuyGPvMNKvYWNt"
     "B_ikiH9k20eT-O1q_I78eiZkpXxXQ0UTEs2LsNRS-8uJbvQ-A1irkwMSMkK1J3XTGg"
     "drhCku9gRldY7sNA_AKZGh-Q661_42rINLRCe8W-nZ34ui_qOfkLnK9QWDDqpaIsA-"
     "bMwWWSDFu2MUBYwkHTMEzLYGqOe04noqeq1hExBTHBOBdkMXiuFhUq1BU6l-DqEiWx"
     "qg82sXt2h-LMnT3046AOYJoRioz75tSUQfGCshWTBnP5uDjd18kKhyv07lhfSJdrPd"
     "M5Plyl21hsFf4L_mHCuoFau7gdsPfHPxxjVOcOpBrQzwQ\",\"p\":\"3Slxg_DwTXJcb6"
     "095RoXygQCAZ5RnAvZlno1yhHtnUex_fp7AZ_9nRaO7HX_-SFfGQeutao2TDjDAWU4"
     "Vupk8rw9JR0AzZ0N2fvuIAmr_WCsmGpeNqQnev1T7IyEsnh8UMt-n5CafhkikzhEsr"
     "mndH6LxOrvRJlsPp6Zv8bUq0k\",\"q\":\"uKE2dh-cTf6ERF4k4e_jy78GfPYUIaUyoS"
     "SJuBzp3Cubk3OCqs6grT8bR_cu0Dm1MZwWmtdqDyI95HrUeq3MP15vMMON8lHTeZu2"
     "lmKvwqW7anV5UzhM1iZ7z4yMkuUwFWoBvyY898EXvRD-hdqRxHlSqAZ192zB3pVFJ0"
     "s7pFc\"}",
     "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbX"
     "BsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V"
     "0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb"
     "24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW9"
     "1IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fU"
     "DcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDIt"
     "llVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEg"
     "VFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2"
     "Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7x"
     "ho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw",
     false},
    {"RFC 7520 4.3", "ES512",
     "{\"kty\":\"EC\",\"kid\":\"bilbo.baggins@hobbiton.example\",\"use\":"
     "\"sig\",\"cr"
     "v\":\"P-521\",\"x\":\"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_o"
     "JXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt\",\"y\":\"AdymlHvOiLxXkEhayXQnN"
     "CvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR"
     "1\",\"d\":\"AAhRON2r9cqXX1hg-RoI6R1tX5p2rUAYdmpHZoC1XNM56KtscrX6zbKipQ"
     "rCW9CGZH3T4ubpnoTKLDYJ_fF3_rJt\"}",
     "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbX"
     "BsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V"
     "0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb"
     "24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW9"
     "1IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZ"
     "H0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u"
     "_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDq"
     "oRuBomu9xQ2",
     false},
    {"RFC 7520 4.4", "HS256",
     "{\"kty\":\"oct\",\"kid\":\"018c0ae5-4d9b-471b-bfd6-eef314bc7037\","
     "\"use\":\"s"
     "ig\",\"alg\":\"HS256\",\"k\":\"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-"
     "Onbc6mxCcYg"
     "\"}",
     "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZj"
     "MxNGJjNzAzNyJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29"
     "pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmI"
     "HlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2h"
     "lcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.s0h6KThzkfBBBkLspW1h84VsJ"
     "ZFTsPPqMDA7g1Md7p0",
     true},
};

const char jwt_rsa_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCpewM5v8xfzSZw\n"
    "sU/6YaUMtVFDDuR+MehKBpqMWPPM8QQneLxjUwGbe3SkeMWlHPmdnAM48iTb434z\n"
    "blvsnrbSI90mCKcqdMM1HxuX5YTIycT6eo6ROtZBZAXBsIFRnNQKp2GCpQDlkmGS\n"
    "7thBbKLUaNZBAVC9I2fvBtlCOEO7IkN+hooNf4czYr+Cmam1Oh7UMGYgvz9USkuT\n"
    "C+f8twtm6EczKaaPNijLKhUfHwP/YVXq+/8Qsf2aOiNZek830HN7XeY881vb/pyv\n"
    "Hl8qbXwjaXx8C+OUZlYlnRVvlc4QryVbDpbGuq0mZEACGJWF6duJOB8u/NiYnyn2\n"
    "zp4bPF5lAgMBAAECggEAL5OSQLxoZX5kK5+C+aE+oZYm1UHRf+GHuXwoF30DF8WS\n"
    "6ne4vtM28MxT3rXumd7L7eQ1fV9wXG/85fg1gvO9E7mwo7QrJT547Ckq6FWslGcb\n"
    "zkroSbmwGtQ2z3w6mUwCtGjvdSrX2RpiHMrC137lKOazOrVhUm8lhpKwG6hKzzWm\n"
    "s4FrbHJ0D2xk3DAwSx6PnzIwjXZayf9j+pPSMOEk59UQ6UwWgXWYBKanLRz+HoWl\n"
    "0NcVyBPk2zgg73xOVs1kMgipqhRnttvRc8PC6wqT8Omhy8ODgMKbEEW94V0iAuw/\n"
    "FmaZvDnP8QLo97XINBS82ByrLC4rDlPw9vwM8HqVgwKBgQDSq5VWRlM9LPhlKDPI\n"
    "WHXWWOXOuhrjSdfoD3C0Xvmnrm7C2cIdXVVxnsC4JMLlri7SEoBziz8ic6BWWi3x\n"
    "JR4LHHJ1Zi+kWfby9jeZEx8v8mcCLfNmAgN4Cd8koea3NH1IDcj6xJdo8m7qvVNk\n"
    "JT+spjvP05WYyUTZKAbq4oTWfwKBgQDN8o/sh0jHpprUIOaZxdAGI3oSmgYy6tKY\n"
    "zwjx6f0tt5ISziaXOG4rCGPwU5K13xkdlb953GhYIE3yxIvNF4IdrvQSfgcsHk0Y\n"
    "G7jr6iGN7PxKJ2TYUjrZyFMbSo5uxFdLpS1IwfmvrzKw92SP0736amCyAIp/3Eeh\n"
    "ewhn1HzBGwKBgBnRrZvFQq5ctJSxOKd1L/v1KTUM2f7BLhTiz41Llo1Wc3yt83xl\n"
    "0/L44eWvm7NKhbJ5UgTXLAWs5hmvM7I6OlRiSCTbQTuDSyC7zFSWY1wc+ULrHsmB\n"
    "tasgipiSvxP0+uW5ysfxEB1smOtsCKxdZFBkjzAJXmw7PpTesvpWiLFBAoGBAMtq\n"
    "KMPLv5QLN+QL9xitLFHT2q/i1/qUu5vY6hHfNoVgSnQukClOwGnaqLNoKIFgsTLq\n"
    "hKw9igZ5KeR+Q0M4U/kzo7lcJ4NpDmaggx7pK2k+SNaJYG7VkXEoDwXmtxYq8boy\n"
    "lK7HgPIIzr3CLN5umrdrOMS4ChROI6YYmm3Lj8k/AoGAEDY28pyjSqTX5P71HTqo\n"
    "1Ql7H7ZQkT/WC9kZS1tXKuQ0GQ28n67XpPD9vLjI2DI7zz/jXcT5lHhZk+jxMfHT\n"
    "3TcOBkFsvuUW2qj229gYBwZRGrzZk9Syf//5XgGQFeHEpYk8dtNsKpCq/gP8qFI9\n"
    "g0xOdlaAt0qzHnMDik1I5ug=\n"
    "-----END PRIVATE KEY-----\n";

const char jwt_rsa_pkcs1_pem[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIIEowIBAAKCAQEAqXsDOb/MX80mcLFP+mGlDLVRQw7kfjHoSgaajFjzzPEEJ3i8\n"
    "Y1MBm3t0pHjFpRz5nZwDOPIk2+N+M25b7J620iPdJginKnTDNR8bl+WEyMnE+nqO\n"
    "kTrWQWQFwbCBUZzUCqdhgqUA5ZJhku7YQWyi1GjWQQFQvSNn7wbZQjhDuyJDfoaK\n"
    "DX+HM2K/gpmptToe1DBmIL8/VEpLkwvn/LcLZuhHMymmjzYoyyoVHx8D/2FV6vv/\n"
    "ELH9mjojWXpPN9Bze13mPPNb2/6crx5fKm18I2l8fAvjlGZWJZ0Vb5XOEK8lWw6W\n"
    "xrqtJmRAAhiVhenbiTgfLvzYmJ8p9s6eGzxeZQIDAQABAoIBAC+TkkC8aGV+ZCuf\n"
    "gvmhPqGWJtVB0X/hh7l8KBd9AxfFkup3uL7TNvDMU9617pney+3kNX1fcFxv/OX4\n"
    "NYLzvRO5sKO0KyU+eOwpKuhVrJRnG85K6Em5sBrUNs98OplMArRo73Uq19kaYhzK\n"
    "wtd+5Sjmszq1YVJvJYaSsBuoSs81prOBa2xydA9sZNwwMEsej58yMI12Wsn/Y/qT\n"
    "0jDhJOfVEOlMFoF1mASmpy0c/h6FpdDXFcgT5Ns4IO98TlbNZDIIqaoUZ7bb0XPD\n"
    "wusKk/DpocvDg4DCmxBFveFdIgLsPxZmmbw5z/EC6Pe1yDQUvNgcqywuKw5T8Pb8\n"
    "DPB6lYMCgYEA0quVVkZTPSz4ZSgzyFh11ljlzroa40nX6A9wtF75p65uwtnCHV1V\n"
    "cZ7AuCTC5a4u0hKAc4s/InOgVlot8SUeCxxydWYvpFn28vY3mRMfL/JnAi3zZgID\n"
    "eAnfJKHmtzR9SA3I+sSXaPJu6r1TZCU/rKY7z9OVmMlE2SgG6uKE1n8CgYEAzfKP\n"
    "7IdIx6aa1CDmmcXQBiN6EpoGMurSmM8I8en9LbeSEs4mlzhuKwhj8FOStd8ZHZW/\n"
    "edxoWCBN8sSLzReCHa70En4HLB5NGBu46+ohjez8Sidk2FI62chTG0qObsRXS6Ut\n"
    "SMH5r68ysPdkj9O9+mpgsgCKf9xHoXsIZ9R8wRsCgYAZ0a2bxUKuXLSUsTindS/7\n"
    "9Sk1DNn+wS4U4s+NS5aNVnN8rfN8ZdPy+OHlr5uzSoWyeVIE1ywFrOYZrzOyOjpU\n"
    "Ykgk20E7g0sgu8xUlmNcHPlC6x7JgbWrIIqYkr8T9PrlucrH8RAdbJjrbAisXWRQ\n"
    "ZI8wCV5sOz6U3rL6VoixQQKBgQDLaijDy7+UCzfkC/cYrSxR09qv4tf6lLub2OoR\n"
    "3zaFYEp0LpApTsBp2qizaCiBYLEy6oSsPYoGeSnkfkNDOFP5M6O5XCeDaQ5moIMe\n"
    "6StpPkjWiWBu1ZFxKA8F5rcWKvG6MpSux4DyCM69wizebpq3azjEuAoUTiOmGJpt\n"
    "y4/JPwKBgBA2NvKco0qk1+T+9R06qNUJex+2UJE/1gvZGUtbVyrkNBkNvJ+u16Tw\n"
    "/by4yNgyO88/413E+ZR4WZPo8THx0903DgZBbL7lFtqo9tvYGAcGURq82ZPUsn//\n"
    "+V4BkBXhxKWJPHbTbCqQqv4D/KhSPYNMTnZWgLdKsx5zA4pNSObo\n"
    "-----END RSA PRIVATE KEY-----\n";

const char jwt_rsa_public_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqXsDOb/MX80mcLFP+mGl\n"
    "DLVRQw7kfjHoSgaajFjzzPEEJ3i8Y1MBm3t0pHjFpRz5nZwDOPIk2+N+M25b7J62\n"
    "0iPdJginKnTDNR8bl+WEyMnE+nqOkTrWQWQFwbCBUZzUCqdhgqUA5ZJhku7YQWyi\n"
    "1GjWQQFQvSNn7wbZQjhDuyJDfoaKDX+HM2K/gpmptToe1DBmIL8/VEpLkwvn/LcL\n"
    "ZuhHMymmjzYoyyoVHx8D/2FV6vv/ELH9mjojWXpPN9Bze13mPPNb2/6crx5fKm18\n"
    "I2l8fAvjlGZWJZ0Vb5XOEK8lWw6WxrqtJmRAAhiVhenbiTgfLvzYmJ8p9s6eGzxe\n"
    "ZQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

const char jwt_rsa_public_pkcs1_pem[] =
    "-----BEGIN RSA PUBLIC KEY-----\n"
    "MIIBCgKCAQEAqXsDOb/MX80mcLFP+mGlDLVRQw7kfjHoSgaajFjzzPEEJ3i8Y1MB\n"
    "m3t0pHjFpRz5nZwDOPIk2+N+M25b7J620iPdJginKnTDNR8bl+WEyMnE+nqOkTrW\n"
    "QWQFwbCBUZzUCqdhgqUA5ZJhku7YQWyi1GjWQQFQvSNn7wbZQjhDuyJDfoaKDX+H\n"
    "M2K/gpmptToe1DBmIL8/VEpLkwvn/LcLZuhHMymmjzYoyyoVHx8D/2FV6vv/ELH9\n"
    "mjojWXpPN9Bze13mPPNb2/6crx5fKm18I2l8fAvjlGZWJZ0Vb5XOEK8lWw6Wxrqt\n"
    "JmRAAhiVhenbiTgfLvzYmJ8p9s6eGzxeZQIDAQAB\n"
    "-----END RSA PUBLIC KEY-----\n";

const char jwt_rsa_1024_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBALx9SoOWCUnR08Cp\n"
    "uWQYIjkHSVH3MosXCY+M3J1o2kjhPDJuidzvcCzwkphwMvznEto8trrKoRaxkhFm\n"
    "/AfSoD0eexU9bhEAZYCvedT5q54qq8gsshPn0L5kAbPQy/0OjJBlGTdUz97YnW5s\n"
    "IBJH65ml0L3LiTb+kIF/KA5n8Ev/AgMBAAECgYEAlKicZDupB7edso4p0W/XTfMZ\n"
    "OLQmAN0ihT0rolpYDrLVr1DPGpkdd9QlSmTzUdNNYyIPXDMD6coS0fbPP7w286DE\n"
    "ZWYzDRsz6ANDHvSz5DsVqQ9RhhAqfnjE9fE3SztptGpzBVgypifaWPByu6cfU9Do\n"
    "v7hxGGJycWuv5V0930ECQQD1PA4k0RDpwiTORccgv9UDOVXF70X8RZd2iJAjqp65\n"
    "QsL63NAo4CDEhP/U8UikUlW6ZhxWySorYQvjv88IylXlAkEAxMOIsCB9lMBEbWlL\n"
    "qLnlh10HwMUnsirqhunfDzWX7j7oN/9it82s6N1uLjR5E9+o4Ey2czNtIRvJnZ6a\n"
    "rP18EwJAD4dsBdzPS14l4oH8qBA9tuSMj+ok7mKhwrnHFtsZDfYyTpxo+g2nRYp+\n"
    "gMd+qBkmoJUSulQmvXR5wkRFIfNeGQJALiSQxIUKDj08js/3nzzhF+p4K/vQQFcS\n"
    "IstrtPxjgcqc2Kz6cJI6L23mLc2+ayuzRc6XptJzkCUdFeqg6VqUowJAZIypbmy/\n"
    "GWA9b7ae16G2IrbRw6/3XZREd3cD09MxJeLjgAgn7/aFWqTLoMH4L4a/Jz+6CPcf\n"
    "nk7snwHFqnzmyg==\n"
    "-----END PRIVATE KEY-----\n";

const char jwt_p256_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvbr5wAL6Kik2LPey\n"
    "fDaBl+WUvCv+lgmZ83tYMZkVY0GhRANCAARozl7PyMsZg07qP/J4ODaX3GA4o5nf\n"
    "uGulCApccHh4W4N2Mxbp7oyjrmzOdFIDhPgeuO5A5F4Sfllv8IYBZBAF\n"
    "-----END PRIVATE KEY-----\n";

const char jwt_p256_sec1_pem[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIL26+cAC+iopNiz3snw2gZfllLwr/pYJmfN7WDGZFWNBoAoGCCqGSM49\n"
    "AwEHoUQDQgAEaM5ez8jLGYNO6j/yeDg2l9xgOKOZ37hrpQgKXHB4eFuDdjMW6e6M\n"
    "o65sznRSA4T4HrjuQOReEn5Zb/CGAWQQBQ==\n"
    "-----END EC PRIVATE KEY-----\n";

const char jwt_p256_public_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaM5ez8jLGYNO6j/yeDg2l9xgOKOZ\n"
    "37hrpQgKXHB4eFuDdjMW6e6Mo65sznRSA4T4HrjuQOReEn5Zb/CGAWQQBQ==\n"
    "-----END PUBLIC KEY-----\n";

const char jwt_p384_pem[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MIGkAgEBBDCI04zxTGhrplxmlbH3C9gBwC2Rie1RW6LEO/Yts3s3Qh+doQHbVBFS\n"
    "7OKskJnVaRWgBwYFK4EEACKhZANiAATw5yy9yv5LwyMx1EpRmaWtulamCX9LAr6Q\n"
    "00CGDut17wlOe1TSOhzQeCfDoUsGqUn7ij2fbqET7/Vzic5SoxX7Ke4CYppEWiGR\n"
    "TkyDyDTDz+hue0aTcvYyvf23a9zZSCo=\n"
    "-----END EC PRIVATE KEY-----\n";

const char jwt_p521_pem[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MIHcAgEBBEIBN/GAZRFnfHiv047sXIg5psB01t98WucwqYfCgQxMDhvkxOuwdbir\n"
    "Wu5k+4DEsuVP66HjA48remkK7BxzRK/K6qigBwYFK4EEACOhgYkDgYYABAE2FjiV\n"
    "oVEX0zL7XPmPNV9L7rbVyPtHhf1xSkWfWiotH6QMqgBOIBUzEzufWvP/aidFLN1R\n"
    "lKCnrb65ST2dmewq/AAniNacIPXGpkujBA8B1XcMPt/j+wVprT+PuPp/g8qSyeLE\n"
    "GfnfCTrQTJxsqOeloN+g0i3vcpRvAA2T2JJTje9H6g==\n"
    "-----END EC PRIVATE KEY-----\n";

const char jwt_secp256k1_pem[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHQCAQEEIJeIB7UOso25OblodzBn40+SsKXLI65zcsogiqmdUubuoAcGBSuBBAAK\n"
    "oUQDQgAEHptqogtM5kz2sKw0umjy4TKiO7C1/i/+jsX4n6qAuALwe1pH1FMFvas0\n"
    "aTEEnvMWeYN0dERODIMP+bMQia9Smw==\n"
    "-----END EC PRIVATE KEY-----\n";

const char jwt_ed25519_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIAr3/kUxLKYA3u0wGr17lU7/9tn4bb2Z6zgOZ50gfCf2\n"
    "-----END PRIVATE KEY-----\n";

const char jwt_encrypted_pem[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgap8Y0tKZWlgICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEBQIsyzT/n0I5pHGPRZ7llMEgZAw\n"
    "H+76QjZzldoPC4a2+d6R7w58eBpribu0X8bNQGUm11BburnS1S76A6Mgy0JjmYOb\n"
    "UF1r2mVn7kzzbWbUd6bRbsCOLDRQJGAtu7opAbP+lN9H72DMmvi5nIVBGfxmDN6S\n"
    "aZ0pePyca+Nrl5mBpvTTUWSHJ+kHIqJN46CwTxdWVNKT2g8CXV7DLF9psclsT/8=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

const char jwt_certificate_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBbTCCAROgAwIBAgIUbrJdrB+AaZwwQqV+jlTDeKxsyrcwCgYIKoZIzj0EAwIw\n"
    "DDEKMAgGA1UEAwwBeDAeFw0yNjExMjExOTA1NTNaFw0yNjEyMjExOTA1NTNaMAwx\n"
    "CjAIBgNVBAMMAXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARozl7PyMsZg07q\n"
    "P/J4ODaX3GA4o5nfuGulCApccHh4W4N2Mxbp7oyjrmzOdFIDhPgeuO5A5F4Sfllv\n"
    "8IYBZBAFo1MwUTAdBgNVHQ4EFgQU+bdRIRtrW5QH+dXO0DS2WBDRfp0wHwYDVR0j\n"
    "BBgwFoAU+bdRIRtrW5QH+dXO0DS2WBDRfp0wDwYDVR0TAQH/BAUwAwEB/zAKBggq\n"
    "hkjOPQQDAgNIADBFAiEApqZtee3k3m3gw0vD45bHalJPufzRQKBQW5eHuDTj5OMC\n"
    "IGw4W200XLOT5s5WGkr9GxW5PlAMmbf546Fwa464wXYb\n"
    "-----END CERTIFICATE-----\n";
