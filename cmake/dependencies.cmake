# Every third-party library has one home module; nothing is vendored or downloaded.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS system json url)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(RocksDB REQUIRED)
find_package(simdjson REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(pc_sqlite3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(pc_zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(pc_xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(pc_qrencode REQUIRED IMPORTED_TARGET libqrencode)
find_library(pg_query_library pg_query REQUIRED)  # PostgreSQL's parser; comes without a .pc file
add_library(PgQuery::pg_query UNKNOWN IMPORTED)
set_target_properties(PgQuery::pg_query PROPERTIES IMPORTED_LOCATION ${pg_query_library})
find_package(date REQUIRED)
pkg_check_modules(pc_freetype REQUIRED IMPORTED_TARGET freetype2)
pkg_check_modules(pc_polyclipping REQUIRED IMPORTED_TARGET polyclipping)
pkg_check_modules(pc_png REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(pc_pugixml REQUIRED IMPORTED_TARGET pugixml)
# Its pkg-config file says -pthread, which the precompiled headers know nothing of.
find_library(LINESHAFT_RE2 re2 REQUIRED)
find_package(GTest REQUIRED)

add_compile_definitions(SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL BOOST_ASIO_NO_DEPRECATED
                        BOOST_ASIO_DISABLE_VISIBILITY BOOST_ASIO_SEPARATE_COMPILATION)
