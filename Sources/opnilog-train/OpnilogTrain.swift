@main
struct OpnilogTrain {
    static func main() {}
}
