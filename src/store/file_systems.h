#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace rocksdb {
class FileSystem;
class IOStatus;
}  // namespace rocksdb

namespace lineshaft::store {

/// `files`, but every file made through it is for its owner only (0600), whatever the umask says.
std::shared_ptr<rocksdb::FileSystem> private_files(std::shared_ptr<rocksdb::FileSystem> files);

/// `files`, but no log files stand in its directories.
std::shared_ptr<rocksdb::FileSystem> without_logs(std::shared_ptr<rocksdb::FileSystem> files);

/// `files`, but what is read in sequence from the paths given is the text given, not the file.
std::shared_ptr<rocksdb::FileSystem> with_replaced(std::shared_ptr<rocksdb::FileSystem> files,
                                                   std::map<std::string, std::string> texts);

/// `files`, but a sorted file whose footer the engine must not follow (sorted_footer.h) is refused
/// by name when it is opened, as damaged.
std::shared_ptr<rocksdb::FileSystem> with_checked_footers(
    std::shared_ptr<rocksdb::FileSystem> files);

using FailureHook = std::function<void(const rocksdb::IOStatus&)>;

/// `files`, but a write or sync of a sorted file in `directory` that fails is told to `on_failure`,
/// on the thread it failed on, before the engine hears of it: the engine does not always get past
/// it (an assertion ends the process when the sync of an empty merge fails).
std::shared_ptr<rocksdb::FileSystem> with_told_failures(std::shared_ptr<rocksdb::FileSystem> files,
                                                        std::string directory,
                                                        FailureHook on_failure);

}  // namespace lineshaft::store
