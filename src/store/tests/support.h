#pragma once
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <random>
#include <string>

#include "store/store.h"

// What the store's tests share. A test that cannot go on throws nothing: it reads std::nullopt.
namespace lineshaft::store::testing_store {

/// A directory of one test: in memory where that is possible, since thousands of syncs are not what
/// these tests are about. TMPDIR, when set, wins.
class TempDir {
public:
    TempDir() {
        std::filesystem::path parent = "/dev/shm";
        if (::getenv("TMPDIR") != nullptr || ::access(parent.c_str(), W_OK) != 0) {
            parent = std::filesystem::temp_directory_path();
        }
        std::string pattern = (parent / "store-XXXXXX").string();
        root_ = ::mkdtemp(pattern.data());
    }
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }
    TempDir(const TempDir&) = delete;
    std::string path() const { return root_ + "/store"; }
    std::string other(const std::string& name) const { return root_ + "/" + name; }

private:
    std::string root_;
};

inline Result<void> submit(Store& store, Batch batch) {
    std::promise<Result<void>> answer;
    store.submit(std::move(batch),
                 [&](Result<void> outcome) { answer.set_value(std::move(outcome)); });
    return answer.get_future().get();
}

inline Result<void> put(Store& store, Family family, std::string_view key, std::string_view value) {
    Batch batch;
    batch.put(family, key, value);
    return submit(store, std::move(batch));
}

inline std::string noise(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
}

inline std::optional<std::string> get(Store& store, Family family, std::string_view key) {
    auto found = store.get(family, key);
    return found ? *found : std::nullopt;
}

}  // namespace lineshaft::store::testing_store
