// One client for every server: order entry of GridWorks, or an echo on the same method.
//
//   load_client --target=HOST:PORT --mode=stream|unary [--key=...] [--root=CA.pem] [--echo=1]
//     --sessions=1 --window=1 --seconds=5 --warmup=1 --most=0 --channels=1
//     --accounts=accounts/a,accounts/b --symbol=ACME --instrument=1 --price=9000 [--flow=FILE]
//
// Closed loop: each session keeps `window` messages unanswered and sends the next when an answer
// comes. window 1 is ping-pong. Without --flow a session enters a passive order and cancels it, in
// turn. A flow is a file of messages: length and number of commands (4 bytes each, little-endian),
// then that many bytes of OrderEntryRequest; one session sends it over and over, to its end.
// `most` messages end the run early. One thread, one completion queue. The result is one line of
// JSON: messages, commands, reports and seconds behind the warm-up, latencies in ns per message.

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

#include "answers.h"
#include "gridworks/api/trading/v1/trading_service.pb.h"
#include "options.h"

namespace {

namespace api = gridworks::api::trading::v1;
namespace codes = gridworks::api::types::v1;
const char* kService = "/gridworks.api.trading.v1.TradingService/";

int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch()).count();
}

double ProcessorSeconds() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  auto seconds = [](timeval t) { return t.tv_sec + t.tv_usec * 1e-6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

grpc::ByteBuffer Buffer(const char* data, size_t size) {
  grpc::Slice slice(data, size);
  return grpc::ByteBuffer(&slice, 1);
}

grpc::ByteBuffer Buffer(const google::protobuf::MessageLite& message) {
  std::string text = message.SerializeAsString();
  return Buffer(text.data(), text.size());
}

// What all sessions share: when to count, when to stop, and what was seen.
struct Run {
  int64_t begin = 0, from = 0, until = 0, last = 0;
  long most = 0, sent = 0;
  long messages = 0, commands = 0, reports = 0, refused = 0;
  double processor = 0;
  bool counting = false, stopped = false;
  std::vector<uint32_t> taken[2];  // ns; of orders and of cancels
  std::string failed;

  void Answer(int64_t sent_at, int64_t now, int kind, long count) {
    if (now < from) return;
    if (!counting) {
      counting = true;
      processor = ProcessorSeconds();
    }
    ++messages;
    commands += count;
    taken[kind].push_back(static_cast<uint32_t>(std::min<int64_t>(now - sent_at, UINT32_MAX)));
    last = now;
  }
  bool MaySend() {
    if (stopped) return false;
    if ((most && sent >= most) || Now() >= until) {
      stopped = true;
      return false;
    }
    ++sent;
    return true;
  }
};

struct Flow {
  std::string data;
  size_t at = 0;
  bool Inside() const { return at > 0 && at + 8 <= data.size(); }
  void Next(grpc::ByteBuffer* out, uint32_t* commands) {
    if (!Inside()) at = 0;
    uint32_t size;
    std::memcpy(&size, data.data() + at, 4);
    std::memcpy(commands, data.data() + at + 4, 4);
    *out = Buffer(data.data() + at + 8, size);
    at += 8 + size;
  }
};

struct Plan {
  std::string key, symbol;
  int instrument = 1;
  long price = 9000;
  long window = 1;
  bool echo = false;
  Flow* flow = nullptr;
};

class Session {
 public:
  virtual ~Session() = default;
  virtual void Next(int step, bool ok) = 0;
  int pending = 0;
};

struct Tag {
  Session* session;
  int step;
};

// A stream of order entry.
class Stream : public Session {
 public:
  Stream(Run* run, const Plan& plan, int number, std::string account, grpc::GenericStub* stub,
         grpc::CompletionQueue* queue)
      : run_(run), plan_(plan), number_(number), account_(std::move(account)) {
    if (!plan.key.empty()) context_.AddMetadata("authorization", "Bearer " + plan.key);
    stream_ = stub->PrepareCall(&context_, std::string(kService) + "OrderEntry", queue);
    ++pending;
    stream_->StartCall(&begin_);
  }

  void Next(int step, bool ok) override {
    --pending;
    if (step == kBegin && ok) {
      if (plan_.echo) {
        ready_ = true;
        Read();
        Send();
      } else {
        LogOn();
        Read();
      }
    } else if (step == kWrite) {
      writing_ = false;
      if (ok && ready_) Send();
    } else if (step == kRead && ok) {
      Take();
      Read();
      Send();
    } else if (step == kRead && !finishing_) {
      finishing_ = true;
      ++pending;
      stream_->Finish(&status_, &end_);
    } else if (step == kEnd && !status_.ok() && run_->failed.empty()) {
      run_->failed = status_.error_message();
    }
  }

 private:
  enum { kBegin, kWrite, kRead, kEnd, kClose };
  struct Sent {
    int64_t at;
    long upto;  // commands with this message
    int kind;
  };

  void LogOn() {
    api::OrderEntryRequest request;
    auto* logon = request.mutable_logon();
    logon->set_session("load-" + std::to_string(number_) + "-" + std::to_string(Now()));
    logon->set_account(account_);
    writing_ = true;
    ++pending;
    stream_->Write(Buffer(request), &write_);
  }

  void Read() {
    ++pending;
    stream_->Read(&in_, &read_);
  }

  // Client ids are unique in an account, and sessions may share one, also one after the other.
  int64_t Id(long id) const { return first_ + number_ * 10'000'000'000L + id; }

  void Make(grpc::ByteBuffer* out, uint32_t* commands, int* kind) {
    if (plan_.flow) {
      *kind = 0;
      plan_.flow->Next(out, commands);
      return;
    }
    api::OrderEntryRequest request;
    auto* command = request.add_commands();
    ++id_;
    command->set_cl_ord_id(Id(id_));
    command->set_instrument(plan_.instrument);
    *kind = id_ % 2 == 0;
    if (*kind) {
      command->set_command(codes::COMMAND_CANCEL_ORDER);
      command->set_orig_cl_ord_id(Id(id_ - 1));
      command->clear_instrument();
    } else {
      command->set_command(codes::COMMAND_NEW_ORDER);
      command->set_side(codes::SIDE_BUY);
      command->set_ord_type(codes::ORD_TYPE_LIMIT);
      command->set_order_qty(1);
      command->set_price(plan_.price);
    }
    *commands = 1;
    *out = Buffer(request);
  }

  void Send() {
    if (writing_ || closed_ || !ready_) return;
    if (static_cast<long>(flight_.size()) >= plan_.window) return;
    grpc::ByteBuffer out;
    uint32_t commands = 0;
    int kind = 0;
    bool inside = plan_.flow && plan_.flow->Inside();
    if (!inside && !run_->MaySend()) {
      if (flight_.empty() || hinted_) Close();  // what may be buffered goes out with the end
      return;
    }
    Make(&out, &commands, &kind);
    total_ += commands;
    flight_.push_back({Now(), total_, kind});
    grpc::WriteOptions options;
    hinted_ = static_cast<long>(flight_.size()) < plan_.window;
    if (hinted_) options.set_buffer_hint();
    writing_ = true;
    ++pending;
    stream_->Write(out, options, &write_);
  }

  void Close() {
    closed_ = true;
    ++pending;
    stream_->WritesDone(&close_);
  }

  void Take() {
    int64_t now = Now();
    Answers found = Scan(in_);
    if (!ready_) {  // the answer to the logon
      ready_ = true;
      return;
    }
    if (run_->counting) run_->reports += found.reports, run_->refused += found.refused;
    long done = plan_.echo ? ++echoed_ : found.processed;
    while (!flight_.empty() && (plan_.echo ? echoed_ > taken_ : flight_.front().upto <= done)) {
      Sent& first = flight_.front();
      run_->Answer(first.at, now, first.kind, first.upto - before_);
      before_ = first.upto;
      flight_.pop_front();
      ++taken_;
    }
  }

  Run* run_;
  Plan plan_;
  int number_;
  std::string account_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  grpc::ByteBuffer in_;
  grpc::Status status_;
  std::deque<Sent> flight_;
  int64_t first_ = Now();
  long id_ = 0, total_ = 0, before_ = 0, echoed_ = 0, taken_ = 0;
  bool ready_ = false, writing_ = false, hinted_ = false, closed_ = false, finishing_ = false;
  Tag begin_{this, kBegin}, write_{this, kWrite}, read_{this, kRead}, end_{this, kEnd};
  Tag close_{this, kClose};
};

// SubmitOrder and CancelOrder in turn, one call in flight.
class Unary : public Session {
 public:
  Unary(Run* run, const Plan& plan, int number, std::string account, grpc::GenericStub* stub,
        grpc::CompletionQueue* queue)
      : run_(run), plan_(plan), number_(number), account_(std::move(account)), stub_(stub),
        queue_(queue) {
    first_ = Now();
    Call();
  }

  void Next(int, bool) override {
    --pending;
    if (!status_.ok()) {
      if (run_->failed.empty()) run_->failed = status_.error_message();
      return;
    }
    run_->Answer(at_, Now(), id_ % 2 == 0, 1);
    if (run_->counting) ++run_->reports;
    Call();
  }

 private:
  void Call() {
    if (!run_->MaySend()) return;
    ++id_;
    context_ = std::make_unique<grpc::ClientContext>();
    if (!plan_.key.empty()) context_->AddMetadata("authorization", "Bearer " + plan_.key);
    std::string id = std::to_string(first_ + id_ - (id_ % 2 == 0) + number_ * 1'000'000'000'000L);
    grpc::ByteBuffer out;
    if (id_ % 2) {
      api::SubmitOrderRequest request;
      request.set_parent(account_);
      auto* order = request.mutable_order();
      order->set_instrument("instruments/" + plan_.symbol);
      order->set_cl_ord_id(std::stoll(id));
      order->set_side(codes::SIDE_BUY);
      order->set_ord_type(codes::ORD_TYPE_LIMIT);
      order->set_order_qty("1");
      order->set_price(std::to_string(plan_.price));
      out = Buffer(request);
    } else {
      api::CancelOrderRequest request;
      request.set_name(account_ + "/orders/cl-" + id);
      out = Buffer(request);
    }
    at_ = Now();
    std::string method = std::string(kService) + (id_ % 2 ? "SubmitOrder" : "CancelOrder");
    call_ = stub_->PrepareUnaryCall(context_.get(), method, out, queue_);
    call_->StartCall();
    ++pending;
    call_->Finish(&in_, &status_, &tag_);
  }

  Run* run_;
  Plan plan_;
  int number_;
  std::string account_;
  grpc::GenericStub* stub_;
  grpc::CompletionQueue* queue_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> call_;
  grpc::ByteBuffer in_;
  grpc::Status status_;
  long id_ = 0, first_ = 0;
  int64_t at_ = 0;
  Tag tag_{this, 0};
};

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts;
  std::stringstream rest(text);
  for (std::string part; std::getline(rest, part, ',');) parts.push_back(part);
  return parts;
}

void Percentiles(const char* name, std::vector<uint32_t>& taken) {
  std::sort(taken.begin(), taken.end());
  std::printf(", \"%s\": {", name);
  const double shares[] = {0.5, 0.9, 0.99, 0.999, 1.0};
  const char* names[] = {"p50", "p90", "p99", "p99.9", "max"};
  for (int at = 0; at < 5 && !taken.empty(); ++at) {
    size_t place = std::min(taken.size() - 1, static_cast<size_t>(shares[at] * taken.size()));
    std::printf("%s\"%s\": %u", at ? ", " : "", names[at], taken[place]);
  }
  std::printf("}");
}

int Tell(Run& run) {
  if (!run.failed.empty()) {
    std::fprintf(stderr, "%s\n", run.failed.c_str());
    return 1;
  }
  double seconds = std::max<int64_t>(run.last - run.from, 1) * 1e-9;
  std::printf("{\"messages\": %ld, \"commands\": %ld, \"reports\": %ld, \"refused\": %ld, "
              "\"seconds\": %.6f, \"elapsed\": %.6f, \"client_cpu\": %.6f", run.messages,
              run.commands, run.reports, run.refused, seconds, (run.last - run.begin) * 1e-9,
              ProcessorSeconds() - run.processor);
  std::vector<uint32_t> all(run.taken[0]);
  all.insert(all.end(), run.taken[1].begin(), run.taken[1].end());
  Percentiles("ns", all);
  Percentiles("orders_ns", run.taken[0]);
  Percentiles("cancels_ns", run.taken[1]);
  std::printf("}\n");
  return 0;
}

std::vector<std::unique_ptr<grpc::GenericStub>> Stubs(const Options& options) {
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (!options.text("root").empty()) {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = contents(options.text("root"));
    credentials = grpc::SslCredentials(tls);
  }
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
  for (long at = 0; at < options.number("channels", 1); ++at) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("grpc.use_local_subchannel_pool", 1);
    arguments.SetMaxReceiveMessageSize(-1);
    stubs.push_back(std::make_unique<grpc::GenericStub>(
        grpc::CreateCustomChannel(options.text("target"), credentials, arguments)));
  }
  return stubs;
}

}  // namespace

int main(int count, char** words) {
  Options options(count, words);
  Run run;
  Flow flow;
  Plan plan{options.text("key"), options.text("symbol", "ACME")};
  plan.instrument = static_cast<int>(options.number("instrument", 1));
  plan.price = options.number("price", 9000);
  plan.window = options.number("window", 1);
  plan.echo = options.number("echo", 0);
  if (!options.text("flow").empty()) {
    flow.data = contents(options.text("flow"));
    plan.flow = &flow;
  }
  grpc::CompletionQueue queue;
  auto stubs = Stubs(options);
  auto accounts = Split(options.text("accounts", "accounts/alice"));
  std::vector<std::unique_ptr<Session>> sessions;
  run.most = options.number("most", 0);
  run.begin = Now();
  run.from = run.begin + static_cast<int64_t>(options.real("warmup", 1) * 1e9);
  run.until = run.from + static_cast<int64_t>(options.real("seconds", 5) * 1e9);
  bool unary = options.text("mode", "stream") == "unary";
  for (int at = 0; at < options.number("sessions", 1); ++at) {
    auto* stub = stubs[at % stubs.size()].get();
    auto& account = accounts[at % accounts.size()];
    if (unary) {
      sessions.push_back(std::make_unique<Unary>(&run, plan, at, account, stub, &queue));
    } else {
      sessions.push_back(std::make_unique<Stream>(&run, plan, at, account, stub, &queue));
    }
  }
  auto busy = [&] {
    return std::any_of(sessions.begin(), sessions.end(), [](auto& s) { return s->pending; });
  };
  void* found;
  bool ok;
  while (busy() && queue.Next(&found, &ok)) {
    Tag* tag = static_cast<Tag*>(found);
    tag->session->Next(tag->step, ok);
  }
  return Tell(run);
}
