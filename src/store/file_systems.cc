#include "store/file_systems.h"

#include <rocksdb/file_system.h>
#include <sys/stat.h>

#include <filesystem>

#include "store/sorted_footer.h"

namespace lineshaft::store {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOStatus;

// Between the making of a file and the change of its mode the directory's 0700 protects it.
class PrivateFiles final : public rocksdb::FileSystemWrapper {
public:
    using FileSystemWrapper::FileSystemWrapper;
    const char* Name() const override { return "LineshaftPrivateFiles"; }

    IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* file,
                             IODebugContext* debug) override {
        return close_to_others(path,
                               FileSystemWrapper::NewWritableFile(path, options, file, debug));
    }
    IOStatus NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                             IODebugContext* debug) override {
        return close_to_others(path,
                               FileSystemWrapper::NewRandomRWFile(path, options, file, debug));
    }
    IOStatus LockFile(const std::string& path, const rocksdb::IOOptions& options,
                      rocksdb::FileLock** lock, IODebugContext* debug) override {
        return close_to_others(path, FileSystemWrapper::LockFile(path, options, lock, debug));
    }

private:
    static IOStatus close_to_others(const std::string& path, IOStatus status) {
        if (status.ok() && ::chmod(path.c_str(), 0600) != 0) {
            return IOStatus::IOError("cannot close to others: " + path);
        }
        return status;
    }
};

class WithoutLogs final : public rocksdb::FileSystemWrapper {
public:
    using FileSystemWrapper::FileSystemWrapper;
    const char* Name() const override { return "LineshaftWithoutLogs"; }
    IOStatus GetChildren(const std::string& directory, const rocksdb::IOOptions& options,
                         std::vector<std::string>* names, IODebugContext* debug) override {
        auto status = FileSystemWrapper::GetChildren(directory, options, names, debug);
        std::erase_if(*names, [](const std::string& name) { return name.ends_with(".log"); });
        return status;
    }
};

class TextFile final : public rocksdb::FSSequentialFile {
public:
    explicit TextFile(std::string text) : text_(std::move(text)) {}
    IOStatus Read(std::size_t count, const rocksdb::IOOptions&, rocksdb::Slice* result,
                  char* scratch, IODebugContext*) override {
        const std::size_t copied = text_.copy(scratch, count, at_);
        at_ += copied;
        *result = rocksdb::Slice(scratch, copied);
        return IOStatus::OK();
    }
    IOStatus Skip(std::uint64_t count) override {
        at_ += std::min<std::size_t>(count, text_.size() - at_);
        return IOStatus::OK();
    }

private:
    const std::string text_;
    std::size_t at_ = 0;
};

class WithReplaced final : public rocksdb::FileSystemWrapper {
public:
    WithReplaced(const std::shared_ptr<rocksdb::FileSystem>& files,
                 std::map<std::string, std::string> texts)
        : FileSystemWrapper(files), texts_(std::move(texts)) {}
    const char* Name() const override { return "LineshaftWithReplaced"; }
    IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                               std::unique_ptr<rocksdb::FSSequentialFile>* file,
                               IODebugContext* debug) override {
        const auto text = texts_.find(path);
        if (text == texts_.end()) {
            return FileSystemWrapper::NewSequentialFile(path, options, file, debug);
        }
        *file = std::make_unique<TextFile>(text->second);
        return IOStatus::OK();
    }

private:
    const std::map<std::string, std::string> texts_;
};

class WithCheckedFooters final : public rocksdb::FileSystemWrapper {
public:
    using FileSystemWrapper::FileSystemWrapper;
    const char* Name() const override { return "LineshaftWithCheckedFooters"; }
    IOStatus NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions& options,
                                 std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                 IODebugContext* debug) override {
        auto status = FileSystemWrapper::NewRandomAccessFile(path, options, file, debug);
        if (!status.ok() || !path.ends_with(".sst")) return status;
        SortedBytes bytes;
        status = GetFileSize(path, options.io_options, &bytes.size_bytes, debug);
        if (!status.ok()) return status;
        bytes.read = [&](std::uint64_t offset, std::size_t size) {
            std::string text(size, '\0');
            rocksdb::Slice read;
            status = (*file)->Read(offset, size, options.io_options, &read, text.data(), debug);
            return status.ok() ? read.ToString() : std::string();
        };
        const std::string trouble = trouble_in_footer(bytes);
        if (!status.ok()) return status;  // not damage: it could not be read
        return trouble.empty() ? status : IOStatus::Corruption(path, trouble);
    }
};

class ToldFile final : public rocksdb::FSWritableFileOwnerWrapper {
public:
    ToldFile(std::unique_ptr<rocksdb::FSWritableFile> file, FailureHook on_failure)
        : FSWritableFileOwnerWrapper(std::move(file)), on_failure_(std::move(on_failure)) {}

    IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                    IODebugContext* debug) override {
        return told(FSWritableFileOwnerWrapper::Append(data, options, debug));
    }
    IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                    const rocksdb::DataVerificationInfo& sum, IODebugContext* debug) override {
        return told(FSWritableFileOwnerWrapper::Append(data, options, sum, debug));
    }
    IOStatus Flush(const rocksdb::IOOptions& options, IODebugContext* debug) override {
        return told(FSWritableFileOwnerWrapper::Flush(options, debug));
    }
    IOStatus Sync(const rocksdb::IOOptions& options, IODebugContext* debug) override {
        return told(FSWritableFileOwnerWrapper::Sync(options, debug));
    }
    IOStatus Fsync(const rocksdb::IOOptions& options, IODebugContext* debug) override {
        return told(FSWritableFileOwnerWrapper::Fsync(options, debug));
    }
    IOStatus Close(const rocksdb::IOOptions& options, IODebugContext* debug) override {
        return told(FSWritableFileOwnerWrapper::Close(options, debug));
    }

private:
    IOStatus told(IOStatus status) const {
        if (!status.ok()) on_failure_(status);
        return status;
    }
    const FailureHook on_failure_;
};

class WithToldFailures final : public rocksdb::FileSystemWrapper {
public:
    WithToldFailures(const std::shared_ptr<rocksdb::FileSystem>& files, std::string directory,
                     FailureHook on_failure)
        : FileSystemWrapper(files),
          directory_(std::move(directory)),
          on_failure_(std::move(on_failure)) {}
    const char* Name() const override { return "LineshaftWithToldFailures"; }
    IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* file,
                             IODebugContext* debug) override {
        auto status = FileSystemWrapper::NewWritableFile(path, options, file, debug);
        const std::filesystem::path parts(path);
        if (status.ok() && parts.extension() == ".sst" && parts.parent_path() == directory_) {
            *file = std::make_unique<ToldFile>(std::move(*file), on_failure_);
        }
        return status;
    }

private:
    const std::filesystem::path directory_;
    const FailureHook on_failure_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> with_told_failures(std::shared_ptr<rocksdb::FileSystem> files,
                                                        std::string directory,
                                                        FailureHook on_failure) {
    return std::make_shared<WithToldFailures>(std::move(files), std::move(directory),
                                              std::move(on_failure));
}

std::shared_ptr<rocksdb::FileSystem> with_checked_footers(
    std::shared_ptr<rocksdb::FileSystem> files) {
    return std::make_shared<WithCheckedFooters>(std::move(files));
}

std::shared_ptr<rocksdb::FileSystem> with_replaced(std::shared_ptr<rocksdb::FileSystem> files,
                                                   std::map<std::string, std::string> texts) {
    return std::make_shared<WithReplaced>(std::move(files), std::move(texts));
}

std::shared_ptr<rocksdb::FileSystem> without_logs(std::shared_ptr<rocksdb::FileSystem> files) {
    return std::make_shared<WithoutLogs>(std::move(files));
}

std::shared_ptr<rocksdb::FileSystem> private_files(std::shared_ptr<rocksdb::FileSystem> files) {
    return std::make_shared<PrivateFiles>(std::move(files));
}

}  // namespace lineshaft::store
