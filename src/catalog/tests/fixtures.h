#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "catalog/catalog.h"

// What the catalog's tests share.
namespace lineshaft::catalog {

inline constexpr Instant now{1'800'000'000'000'000};
inline constexpr OrganisationId ours = default_organisation;
inline const std::string digest(32, 'd');

template <class T>
Code code_of(const Result<T>& result) {
    EXPECT_FALSE(result);
    return result ? Code::cancelled : result.error().code;
}

/// A folder of a test's own, gone with it.
class TempDir {
public:
    TempDir() {
        std::string name = (std::filesystem::temp_directory_path() / "catalog-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~TempDir() { std::filesystem::remove_all(path_); }
    TempDir(const TempDir&) = delete;
    std::string file(const std::string& name = "catalog.db") const {
        return (path_ / name).string();
    }

private:
    std::filesystem::path path_;
};

inline std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
inline void write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace lineshaft::catalog
