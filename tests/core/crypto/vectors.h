/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CORE_CRYPTO_VECTORS_H
#define TESTS_CORE_CRYPTO_VECTORS_H

/*
 * Keys and signatures in hexadecimal, made with `openssl genrsa` and `openssl dgst -sign`
 * over the nine octets "a message"; or taken from an RFC where the comment says so.
 */
/* SubjectPublicKeyInfo of 1024 bits */
static const char rsa1024_spki[] =
    "30819f300d06092a864886f70d010101050003818d0030818902818100c429b42c32350043ab"
    "d47faab20ba2c611209fe3d83463b5431bd23d4dac0966f98b914953ef3ae1bce014bc80dc0f"
    "986c22046cccd381916826bc6171367838909aeed53e926480e82658871268c010a0f4229f19"
    "8f7dbe6277b86242dedf7466bc504e2e58940947bc833cc0240cdf12cb18426e213180e74ba9"
    "97641228f90203010001";

/* the same key as RSAPublicKey */
static const char rsa1024_bare[] =
    "30818902818100c429b42c32350043abd47faab20ba2c611209fe3d83463b5431bd23d4dac09"
    "66f98b914953ef3ae1bce014bc80dc0f986c22046cccd381916826bc6171367838909aeed53e"
    "926480e82658871268c010a0f4229f198f7dbe6277b86242dedf7466bc504e2e58940947bc83"
    "3cc0240cdf12cb18426e213180e74ba997641228f90203010001";

/* RSASSA-PKCS1-v1_5, SHA-256 */
static const char rsa1024_sha256_signature[] =
    "2cf1e20b7cfcfdffcd5b42c1d12c8907f2abd61c2634f6c1e5fd99a06043c1a2ac79ab7ea047"
    "dcd7d7906114f8a36fafccf1ec21816d4e72fb22fe10358d5635793c558ed8bcf75dd0647b6e"
    "9ea7e45fc051ebdf998bdc3a23a95a98b3ee623e50959401dc037fcc542426b8e0dbec6cf8b1"
    "d28dd854ededcee780ee9736be2a";

/* RSASSA-PKCS1-v1_5, SHA-1 */
static const char rsa1024_sha1_signature[] =
    "c39e2b0e7f1429818d98f9ee6404066743437473354df3c3fbd7013ef81b93d3c8ee4162defc"
    "bc1f61679aaea452d8cb77ef7ebd54e624ebaaccf2d8d668073e3eab7ebfcd689e9b2454ae0b"
    "09939be3fbd4c72b433072c13792c060ec337915a2d1725003fbcc7dac3a5298322bb0d47ee5"
    "b0f5df20e767587c11122dbfc961";

/* SubjectPublicKeyInfo of 2048 bits */
static const char rsa2048_spki[] =
    "30820122300d06092a864886f70d01010105000382010f003082010a0282010100d1fcbb96b7"
    "751660cfe0a100f4f22ccaebddc4b34c081b7b7c9b88136bb6a6497e7aefb4cabd333aea796f"
    "bce581e59091b67579be09636dd394dc0671056d09ece3b42b6a157eaacf34de6ab6397992b3"
    "ad3b6bde9d3a1fd9a6ed6ee291d2f1fac33d40a05fa8f7bcb87e629bfd70c212d8dbfb77f9f9"
    "8df8af0b381614b4406824bce2637afdc6734f83fc84f00ea09b856102a54cbcd7f2dc983be9"
    "daefdc714bc97ff45719c3e9bf0ace33b9812d72fd9cea2bf57a60458173742a4c217143bfb2"
    "77e2280d32829974ad51ba0cd2164794d74c0f08b1ec169d49034d4ea6cb074dbd4ecafc7cb7"
    "3498b68a341701642fa35498b74c57a690aeca8f5297670203010001";

/* RSASSA-PKCS1-v1_5, SHA-256 */
static const char rsa2048_sha256_signature[] =
    "096786d1ddaef56871820580ec72922ce8a91711c5bcf60126e6863dd9b1653df4f881308410"
    "764198243f12b91326431707c609f82b2da096a9f31f5a643702b693db4238ab25ab399bf202"
    "b70e8f0a04aaaed1f2e1cb017313009e2a8a75cb5a1fbef97705495ea3e1379abc48bd3e4223"
    "3a44e497fc40b283b696fa78d3eea4b5e6a1d48a68df95deed9a18d4d1d85bd08d60c4ad4680"
    "598ec462962cfb5cbf3c4609b0e376a0f440a718a9d2204ad681b78c854fa5e578a9e1395054"
    "be3b88785ea9a0800c7f7e0a5c8ecd79ae5382f90f484426c5e3f1f3bd7fecf68047c741e65a"
    "527ad4a6bfe07dc4d61fa067f7afb1e157c9ada1d30257681ae3e01a";

/* RFC 8032 section 7.1, test 1; RFC 8463 A.2 publishes it */
static const char ed25519_key[] =
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

/* SHA-256 of the canonical header of the message in RFC 8463 A.3, Ed25519 signature */
static const char ed25519_digest[] =
    "48ce9a2c710ece1710ff156996b836a7f45470e43efe5643074d6e1690ed62e7";

/* b= of RFC 8463 A.3 */
static const char ed25519_signature[] =
    "fe00ab8a7a5c40ea087ee1cd4086eae29821f64c882b701051db7d39da907a14b084422e8380"
    "f5d41bac15addb4f7158e4eb14ed96e72842eaf9e5dda754350f";

/* RFC 8463 A.2, selector test */
static const char rfc8463_rsa_key[] =
    "30819f300d06092a864886f70d010101050003818d0030818902818100e41e5390a014f35918"
    "86b3957a3693f789d63a5a4d3c6b9aa1751eb0cb96dd38a6f68cb42263f275e89622d10bf1fd"
    "bc98cc235bdd6f75cb716eb400837f3c10fc10bf7bff2e06c091fb2cf52f18fe3cbea51efa8c"
    "2ab337ac6e21b2d4f9423bc73bd3f3a316725582f305f3b611e0b7229dc6fb692bc8e4c8293f"
    "a5fcae30dd0203010001";

/* SHA-256 of the canonical header for it */
static const char rfc8463_rsa_digest[] =
    "fed71e6d70fb123bb5c353adc42821b304b6b9d54fc867f304f7c61daaaa1111";

/* b= of RFC 8463 A.3, second signature */
static const char rfc8463_rsa_signature[] =
    "178e5d5560df31b40318724595750d0761ca7db09e2d1ca10d7805a442fc1b0a6c45ed087888"
    "b13537b70e1095954ad28d5e01c1c55c385ebe145dd9a3d469a35b4539e4bd98f6104e719d69"
    "21ac81e79f3ac936273740f8bd744de62df418037d0359b4a74dd563bffca808a973fb39d105"
    "1382e315835c531650e0500363ef";

#endif
