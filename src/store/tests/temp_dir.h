#pragma once
#include <stdlib.h>

#include <filesystem>
#include <future>
#include <string>

#include "store/store.h"

// What the store's tests share. A test that cannot go on throws nothing: it reads std::nullopt.
namespace lineshaft::store::testing_store {

class TempDir {
public:
    TempDir() {
        std::string pattern = (std::filesystem::temp_directory_path() / "store-XXXXXX").string();
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
    store.submit(std::move(batch), [&](Result<void> outcome) { answer.set_value(std::move(outcome)); });
    return answer.get_future().get();
}

inline Result<void> put(Store& store, Family family, std::string_view key, std::string_view value) {
    Batch batch;
    batch.put(family, key, value);
    return submit(store, std::move(batch));
}

inline std::optional<std::string> get(Store& store, Family family, std::string_view key) {
    auto found = store.get(family, key);
    return found ? *found : std::nullopt;
}

}  // namespace lineshaft::store::testing_store
