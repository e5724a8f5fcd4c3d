// Question: how many resolutions over UDP does a node answer with one second of its processor?
// handle_load PORT PID PREFIX COUNT SECONDS: asks for PREFIX/0 .. PREFIX/COUNT-1 in random order, at
// most 512 unanswered at a time, and reads what the process PID spent from /proc.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include "wire/handle/bodies.h"

namespace {

using namespace lineshaft;
using Clock = std::chrono::steady_clock;

constexpr int batch = 64, window = 512;

double cpu_seconds(const char* pid) {
    std::ifstream stat(std::string("/proc/") + pid + "/stat");
    std::string line, word;
    std::getline(stat, line);
    std::istringstream words(line.substr(line.rfind(')') + 2));
    double ticks = 0;
    for (int number = 3; words >> word; ++number) {
        if (number == 14 || number == 15) ticks += std::atof(word.c_str());
    }
    return ticks / double(::sysconf(_SC_CLK_TCK));
}

std::string question(const std::string& name, std::uint32_t request) {
    handle::Envelope envelope;
    envelope.request = request;
    handle::Header header;
    header.flags = handle::flag::public_only;
    return handle::encode_message(envelope, header, handle::encode(handle::Resolution{name, {}, {}}));
}

class Load {
public:
    Load(int socket, std::string prefix, std::uint32_t count)
        : socket_(socket), prefix_(std::move(prefix)), count_(count) {}

    void run(Clock::time_point until) {
        Clock::time_point heard = Clock::now();
        for (auto now = heard; now < until; now = Clock::now()) {
            while (unanswered_ <= window - batch) send_batch();
            if (receive() > 0) {
                heard = now;
            } else if (now - heard > std::chrono::milliseconds(200)) {
                lost_ += std::uint64_t(unanswered_);  // dropped on the way
                unanswered_ = 0;
            }
        }
    }
    std::uint64_t answered() const { return answered_; }
    std::uint64_t good() const { return good_; }
    std::uint64_t lost() const { return lost_; }

private:
    void send_batch() {
        std::string texts[batch];
        iovec pieces[batch];
        mmsghdr heads[batch] = {};
        for (int at = 0; at < batch; ++at) {
            texts[at] = question(prefix_ + "/" + std::to_string(random_() % count_), ++request_);
            pieces[at] = {texts[at].data(), texts[at].size()};
            heads[at].msg_hdr.msg_iov = &pieces[at];
            heads[at].msg_hdr.msg_iovlen = 1;
        }
        const int sent = ::sendmmsg(socket_, heads, batch, 0);
        unanswered_ += sent > 0 ? sent : 0;
    }
    int receive() {
        static char buffer[batch][600];
        iovec pieces[batch];
        mmsghdr heads[batch] = {};
        for (int at = 0; at < batch; ++at) {
            pieces[at] = {buffer[at], sizeof(buffer[at])};
            heads[at].msg_hdr.msg_iov = &pieces[at];
            heads[at].msg_hdr.msg_iovlen = 1;
        }
        const int count = ::recvmmsg(socket_, heads, batch, MSG_DONTWAIT, nullptr);
        for (int at = 0; at < count; ++at) good_ += buffer[at][27] == 1;  // the answer's code
        if (count > 0) {
            answered_ += std::uint64_t(count);
            unanswered_ = std::max(0, unanswered_ - count);
        }
        return count;
    }

    int socket_;
    std::string prefix_;
    std::uint32_t count_, request_ = 0;
    int unanswered_ = 0;
    std::uint64_t answered_ = 0, good_ = 0, lost_ = 0;
    std::minstd_rand random_{1};
};

}  // namespace

int main(int words, char** word) {
    if (words != 6) {
        std::fputs("handle_load PORT PID PREFIX COUNT SECONDS\n", stderr);
        return 2;
    }
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(std::uint16_t(std::atoi(word[1])));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Load* loads[4];
    const auto began = Clock::now();
    const double cpu_before = cpu_seconds(word[2]);
    std::uint64_t answered = 0, good = 0, lost = 0;
    // One socket after the other would reach one shard each: take turns of a tenth of a second.
    for (auto& load : loads) {
        const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
        if (::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) return 1;
        load = new Load(socket, word[3], std::uint32_t(std::atoi(word[4])));
    }
    const auto until = began + std::chrono::seconds(std::atoi(word[5]));
    while (Clock::now() < until) {
        for (Load* load : loads) load->run(Clock::now() + std::chrono::milliseconds(100));
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    const double cpu = cpu_seconds(word[2]) - cpu_before;
    for (Load* load : loads) {
        answered += load->answered();
        good += load->good();
        lost += load->lost();
        delete load;
    }
    std::printf("answered %llu (%llu found, %llu lost) in %.1f s: %.0f/s; server CPU %.2f s: %.0f "
                "per CPU-second\n",
                static_cast<unsigned long long>(answered), static_cast<unsigned long long>(good),
                static_cast<unsigned long long>(lost), seconds, double(answered) / seconds, cpu,
                double(answered) / cpu);
    return 0;
}
