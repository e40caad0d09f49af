"""The catalogue of mistakes that ports make: in an operation, and in a whole model"""
